"""The contract of an encoder."""

import abc

from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.memory import Memory


class Encoder(nn.Module, abc.ABC):
    """Turns embedded source pieces into the memory that a decoder reads.

    Attributes:
        value_size: features of each of the memory's values.
        final_sizes: for each layer, bottom first, the features of each tensor of its final state.
    """

    value_size: int
    final_sizes: tuple[tuple[int, ...], ...]

    @abc.abstractmethod
    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode; what stands where `mask` is false changes nothing elsewhere."""
