"""Samplers of segmentations, one a method: `unigram` and `bpe`; `sampler` has their contract."""
