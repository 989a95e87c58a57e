"""How a decoder looks at the source: one answer a file."""
