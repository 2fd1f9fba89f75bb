"""Measures audio as it comes in: over WebSocket, and line by line over TCP."""

__version__ = "1.0.0"
