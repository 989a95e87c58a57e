"""Samplers of segmentations, one per method: `unigram` and `bpe`; `sampler` has their contract."""
