"""How lines of too many pieces are translated: split into chunks, or truncated."""
