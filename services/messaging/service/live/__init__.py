"""Conversations, and lists of them, as live streams."""
