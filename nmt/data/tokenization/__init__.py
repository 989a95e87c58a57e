"""SentencePiece: training tokenizers, text to ids and back, and sampled segmentations."""
