"""How far back a language model reads in training: one answer a file."""
