"""Public benchmarks read from their official files. None of them ships with the project."""
