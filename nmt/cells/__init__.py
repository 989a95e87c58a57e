"""Recurrent equations: one answer a file."""
