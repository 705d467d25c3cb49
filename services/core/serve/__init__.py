"""Serving on a port, and going away in order."""
