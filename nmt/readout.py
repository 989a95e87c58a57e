"""The vector from which the next piece is predicted."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Readout(nn.Module):
    """Combines what the decoder has at a place: `tanh(W [parts] + b)`.

    Source: Luong, Pham and Manning 2015, section 3, equation 5.

    Args:
        sizes: features of each part.
        readout_size: features of the result.
    """

    def __init__(self, sizes: Sequence[int], readout_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(sum(sizes), readout_size)
        nn.init.xavier_uniform_(self.linear.weight)

    def forward(self, *parts: Float[Tensor, "*places _"]) -> Float[Tensor, "*places readout"]:
        """Combine the parts of the same places."""
        return self.linear(torch.cat(parts, dim=-1)).tanh()
