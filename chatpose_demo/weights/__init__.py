"""Published weights into this project's folder layout, and what they need to run."""
