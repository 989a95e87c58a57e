"""What the encoder hands over to a decoder, and all that a decoder sees of the source."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

State = tuple[Tensor, ...]
"""A cell's state: tensors `[rows, hidden]`, the first of them its output."""

Sizes = tuple[tuple[int, ...], ...]
"""For each layer, bottom first, the features of each tensor of its state."""


@dataclass(frozen=True)
class MemorySizes:
    """What a decoder must know of memories before there is one.

    Attributes:
        value: features of each of the values.
        final: features of each tensor of the final states.
        directions: of the top layer's final state, side by side in each tensor; if 2, the forward
            one is the first half, the backward one the second.
    """

    value: int
    final: Sizes
    directions: int


@dataclass(frozen=True)
class Memory:
    """A batch of encoded source sentences; row by row one sentence.

    Attributes:
        values: one vector for each source place.
        mask: true where there is a piece.
        final: for each encoder layer, bottom first, its state after the sentence's true end;
            of a bidirectional layer the two directions side by side.
        keys: the values as the decoder's attention compares them, computed once a sentence;
            None until the decoder made them, and for decoders without attention.
    """

    values: Float[Tensor, "batch source value"]
    mask: Bool[Tensor, "batch source"]
    final: tuple[State, ...]
    keys: Float[Tensor, "batch source key"] | None = None
