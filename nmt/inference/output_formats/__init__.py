"""Formats in which translations are written, one per module."""
