"""Attention by a small network over query and value."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from nmt.models.attention.attention import Attention
from nmt.models.linear.training import linear

SLICE_ELEMENTS = 2**24
"""Numbers of the hidden layer that may exist at once; 64 MB in float32."""


class AdditiveAttention(Attention):
    """Scores `v · tanh(W q + U h)`.

    The hidden layer has `batch × target × source × size` numbers; where these are too many, target
    positions are taken in slices, each computed again in the backward pass.

    Source: Bahdanau, Cho and Bengio 2015, section 3.1 and appendix A.1.2.

    Args:
        query_size: features of each query.
        value_size: features of each of the memory's values.
        size: features of the hidden layer.
    """

    def __init__(self, query_size: int, value_size: int, size: int) -> None:
        super().__init__(query_size, value_size)
        self.query = nn.Linear(query_size, size, bias=False)
        self.key = nn.Linear(value_size, size)
        self.vector = nn.Parameter(torch.empty(size).uniform_(-(size**-0.5), size**-0.5))

    def keys(
        self, values: Float[Tensor, "batch source value"]
    ) -> Float[Tensor, "batch source key"]:
        """Compute `U h`."""
        return linear(values, self.key.weight, self.key.bias)

    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the hidden layer and its product with `v`."""
        projected = linear(query, self.query.weight, None)
        width = max(1, SLICE_ELEMENTS // max(1, keys.numel()))
        if width >= projected.shape[1]:
            return self._compare(projected, keys)
        slices = [
            checkpoint(self._compare, part, keys, use_reentrant=False)
            for part in torch.split(projected, width, dim=1)
        ]
        return torch.cat(slices, dim=1)

    def _compare(self, projected: Tensor, keys: Tensor) -> Tensor:
        hidden = (projected.unsqueeze(2) + keys.unsqueeze(1)).tanh()
        return hidden @ self.vector.to(hidden.dtype)


class ConcatAttention(AdditiveAttention):
    """Scores `v · tanh(W [q; h])`, the same network without a bias.

    Source: Luong, Pham and Manning 2015, section 3.1, "concat".
    """

    def __init__(self, query_size: int, value_size: int, size: int) -> None:
        super().__init__(query_size, value_size, size)
        self.key = nn.Linear(value_size, size, bias=False)
