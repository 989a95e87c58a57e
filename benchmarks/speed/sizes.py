"""The sizes of the reference architecture, which overrides may replace."""

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
"""Embeddings 256, bidirectional LSTM encoder 2 x 256 per direction, LSTM decoder 2 x 512; readout
with the embeddings' size and weights."""
PIECES = 8000
STARTER_PIECES = 4000
"""The starter corpus has too few different words for more."""


def with_reference_sizes(overrides: Sequence[str]) -> list[str]:
    """Return the overrides after those of the reference sizes whose keys they do not set."""
    keys = {override.partition("=")[0] for override in overrides}
    data = [override for override in overrides if override.startswith("data=")]
    starter = all(override == "data=starter" for override in data)
    defaults = [*REFERENCE, f"tokenizer.size={STARTER_PIECES if starter else PIECES}"]
    return [*(one for one in defaults if one.partition("=")[0] not in keys), *overrides]
