"""Takes in the errors of the fleet and keeps them in order."""

__version__ = "1.0.0"
