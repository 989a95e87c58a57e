"""How probable a line is: language models, one answer a file."""
