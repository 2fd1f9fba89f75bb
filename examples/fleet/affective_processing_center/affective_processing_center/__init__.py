"""Scores the mood of a text with the tensor library of its family."""

__version__ = "1.0.0"
