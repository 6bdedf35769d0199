"""The data engine: poses, their words, and synthetic scenes with exact truth."""
