"""How probable is a line by itself? One answer a file."""
