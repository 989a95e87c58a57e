"""The encoder's output, which is all that a decoder reads of the source."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

State = tuple[Tensor, ...]
"""A cell's state: tensors `[rows, hidden]`, the first of them its output."""

Sizes = tuple[tuple[int, ...], ...]
"""For each layer, bottom first, the features of each tensor of its state."""


@dataclass(frozen=True)
class MemorySizes:
    """What a decoder needs to know of memories when it is built.

    Attributes:
        value: features of each of the values.
        final: features of each tensor of the final states.
        directions: number of directions concatenated in the top layer's final state; of 2, the
            forward one is the first half of each tensor, the backward one the second.
    """

    value: int
    final: Sizes
    directions: int


@dataclass(frozen=True)
class Memory:
    """A batch of encoded source sentences, one per row.

    Attributes:
        values: one vector for each source position.
        mask: true where there is a piece.
        final: for each encoder layer, bottom first, its state after the sentence's last piece; the
            two directions of a bidirectional layer are concatenated.
        keys: what the decoder's attention compares queries with, computed once per sentence; None
            before that, and for decoders without attention.
    """

    values: Float[Tensor, "batch source value"]
    mask: Bool[Tensor, "batch source"]
    final: tuple[State, ...]
    keys: Float[Tensor, "batch source key"] | None = None
