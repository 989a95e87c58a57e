"""How the target is written: one answer a file."""
