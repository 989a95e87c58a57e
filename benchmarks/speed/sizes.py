"""The sizes of the reference architecture, and how a user's words go before them."""

from collections.abc import Sequence

REFERENCE = (
    "model=parallel",
    "model.embedding_size=256",
    "model.hidden_size=512",
    "model.layers=2",
    "model.dropout=0.3",
    "tokenizer.size=8000",
    "batches.budget=4096",
    "objective.smoothing=0.0",
)
"""Embeddings 256, bidirectional LSTM encoder 2 x 256 a direction, LSTM decoder 2 x 512; 8,000
pieces; the readout has the size of the embeddings, with whose table it shares its own."""


def completed(words: Sequence[str], defaults: Sequence[str]) -> list[str]:
    """Give the words, behind those defaults whose keys they do not set."""
    given = {word.partition("=")[0] for word in words}
    return [*(word for word in defaults if word.partition("=")[0] not in given), *words]
