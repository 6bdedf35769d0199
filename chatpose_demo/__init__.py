"""ChatPose Demo: ask about a person in plain words, get an answer and a 3D body."""

__version__ = "0.1.0"
