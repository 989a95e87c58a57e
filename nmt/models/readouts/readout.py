"""The contract of a readout, the vector from which the next piece is predicted."""

import abc
from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.linear.training import linear
from nmt.models.variational_dropout import VariationalDropout


class Readout(nn.Module, abc.ABC):
    """Combines what a decoder has at a position: its output, the context, perhaps the input.

    Args:
        sizes: features of each part.
        readout_size: features of the result.
        dropout: share of the result's features dropped for a whole sentence, in training; the
            decoder applies it, after feeding anything back.
    """

    def __init__(self, sizes: Sequence[int], readout_size: int, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(sum(sizes), readout_size)
        nn.init.xavier_uniform_(self.linear.weight)
        self.dropout = VariationalDropout(dropout)

    def combine(self, parts: Float[Tensor, "*shape _"]) -> Float[Tensor, "*shape _"]:
        """Compute `W parts + b` of concatenated parts."""
        return linear(parts, self.linear.weight, self.linear.bias)

    @abc.abstractmethod
    def forward(self, *parts: Float[Tensor, "*shape _"]) -> Float[Tensor, "*shape readout"]:
        """Combine the parts of the same positions, without dropout."""


MakeReadout = Callable[[Sequence[int], int], Readout]
"""Makes a readout of (features of each part, features of the result)."""
