"""Asks the services of its machine how they are and remembers how long they took."""

__version__ = "1.0.0"
