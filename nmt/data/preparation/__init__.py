"""A corpus as training reads it: tokenizers and memory-mapped shards in one checked folder."""
