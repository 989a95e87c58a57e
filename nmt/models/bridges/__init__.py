"""How a decoder starts from what the encoder ended with: one answer a file."""
