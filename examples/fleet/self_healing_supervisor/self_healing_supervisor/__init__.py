"""Restarts what is unhealthy or has ended, through the engine's socket."""

__version__ = "1.0.0"
