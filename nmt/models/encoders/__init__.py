"""How the source is read: one answer a file."""
