"""Attention by the dot product of query and value."""

from jaxtyping import Float
from torch import Tensor

from nmt.models.attention.attention import Attention
from nmt.runtime.errors import ConfigurationError


class DotAttention(Attention):
    """Scores `q · v`, without parameters.

    Source: Luong, Pham and Manning 2015, section 3.1, "dot".

    Raises:
        ConfigurationError: if queries and values have different sizes.
    """

    def __init__(self, query_size: int, value_size: int) -> None:
        super().__init__(query_size, value_size)
        if query_size != value_size:
            raise ConfigurationError(
                f"dot attention compares vectors of one size, but the decoder's have {query_size}"
                f" features and the encoder's {value_size}; use model/attention=general or"
                f" model.decoder.stack.hidden_size={value_size}"
            )

    def keys(
        self, values: Float[Tensor, "batch source value"]
    ) -> Float[Tensor, "batch source key"]:
        """Return the values themselves."""
        return values

    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the dot products."""
        return query.to(keys.dtype) @ keys.transpose(1, 2)


class ScaledDotAttention(DotAttention):
    """Scores `q · v / √size`, so that the softmax does not saturate at large sizes.

    Source: Vaswani et al. 2017, section 3.2.1.
    """

    def scores(
        self,
        query: Float[Tensor, "batch target query"],
        keys: Float[Tensor, "batch source key"],
    ) -> Float[Tensor, "batch target source"]:
        """Compute the dot products of the scaled query."""
        return super().scores(query * self.query_size**-0.5, keys)
