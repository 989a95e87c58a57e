"""What commands do once the models that they were given are found harmless: one command a file."""
