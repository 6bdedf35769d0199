"""Training of the paper's model: its three tasks, its loss, and the public data it learns from."""
