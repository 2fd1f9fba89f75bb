"""Decides how work is cut into batches for the models of its machine."""

__version__ = "1.0.0"
