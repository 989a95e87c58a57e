"""The sizes of the reference architecture, and how a user's words go before them."""

from collections.abc import Sequence

REFERENCE = (
    "model=parallel",
    "model.embedding_size=256",
    "model.hidden_size=512",
    "model.layers=2",
    "model.dropout=0.3",
    "batches.budget=4096",
    "objective.smoothing=0.0",
)
"""Embeddings 256, bidirectional LSTM encoder 2 x 256 a direction, LSTM decoder 2 x 512; the readout
has the size of the embeddings, with whose table it shares its own."""
PIECES = 8000
STARTER_PIECES = 4000
"""The starter corpus has not enough different words for more."""


def completed(words: Sequence[str]) -> list[str]:
    """Give the words, behind those of the reference sizes whose keys they do not set."""
    given = {word.partition("=")[0] for word in words}
    starter = not any(word.startswith("data=") and word != "data=starter" for word in words)
    defaults = [*REFERENCE, f"tokenizer.size={STARTER_PIECES if starter else PIECES}"]
    return [*(word for word in defaults if word.partition("=")[0] not in given), *words]
