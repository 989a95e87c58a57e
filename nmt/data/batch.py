"""A batch of sentence pairs as tensors, the only form in which networks receive text."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from nmt.data.special_ids import PADDING


@dataclass(frozen=True)
class Batch:
    """Sentence pairs, one per row, each padded at its end with PADDING.

    Attributes:
        source: ids of the source pieces, then END.
        target: BEGIN, then ids of the target pieces, then END.
    """

    source: Int[Tensor, "batch source"]
    target: Int[Tensor, "batch bounded"]

    @property
    def source_mask(self) -> Bool[Tensor, "batch source"]:
        """True where the source has a piece (END is one)."""
        return self.source != PADDING

    @property
    def inputs(self) -> Int[Tensor, "batch target"]:
        """The inputs of a decoder: BEGIN and all pieces; rows are padded."""
        return self.target[:, :-1]

    @property
    def labels(self) -> Int[Tensor, "batch target"]:
        """The pieces to predict after each of `inputs`: all pieces and END."""
        return self.target[:, 1:]

    @property
    def mask(self) -> Bool[Tensor, "batch target"]:
        """True where `labels` has a piece."""
        return self.labels != PADDING

    @property
    def width(self) -> int:
        """Pieces of the longest sentence, on either side, END included."""
        return max(self.source.shape[1], self.target.shape[1] - 1)

    def part(self, rows: slice) -> "Batch":
        """Return some rows as a batch of the same width, in the same memory."""
        return Batch(self.source[rows], self.target[rows])

    def prefix(self, length: int) -> "Batch":
        """Return the first positions of all rows."""
        return Batch(self.source[:, :length], self.target[:, : length + 1])

    def to(self, device: torch.device) -> "Batch":
        """Return the same batch on another device."""
        return Batch(self.source.to(device), self.target.to(device))
