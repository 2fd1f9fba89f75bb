"""Protocols beyond plain HTTP: WebSocket, and lines over TCP."""
