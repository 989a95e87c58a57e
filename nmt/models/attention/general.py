"""Attention by a bilinear form of query and value."""

from jaxtyping import Float
from torch import Tensor, nn

from nmt.models.attention.attention import Attention
from nmt.models.linear.training import linear


class GeneralAttention(Attention):
    """Scores `q · W v`, for queries and values of any sizes.

    Source: Luong, Pham and Manning 2015, section 3.1, "general".
    """

    def __init__(self, query_size: int, value_size: int) -> None:
        super().__init__(query_size, value_size)
        self.projection = nn.Linear(value_size, query_size, bias=False)
        nn.init.xavier_uniform_(self.projection.weight)

    def keys(
        self, values: Float[Tensor, "batch source value"]
    ) -> Float[Tensor, "batch source key"]:
        """Compute `W v`."""
        return linear(values, self.projection.weight, None)

    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the dot products with the projected values."""
        return query.to(keys.dtype) @ keys.transpose(1, 2)


class ScaledGeneralAttention(GeneralAttention):
    """Scores `q · W v / √size`, so that the softmax does not saturate at large sizes.

    Source: Luong, Pham and Manning 2015, section 3.1; the scale: Vaswani et al. 2017, section
    3.2.1.
    """

    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the dot products of the scaled query."""
        return super().scores(query * self.query_size**-0.5, keys)
