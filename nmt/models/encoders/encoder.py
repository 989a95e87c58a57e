"""The contract of an encoder."""

import abc
from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.memory import Memory, MemorySizes


class Encoder(nn.Module, abc.ABC):
    """Turns embedded source pieces into the memory that a decoder reads.

    Attributes:
        sizes: those of the memories that it makes.
    """

    sizes: MemorySizes

    @abc.abstractmethod
    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode; what stands where `mask` is false changes nothing elsewhere."""


MakeEncoder = Callable[[int], Encoder]
"""Makes an encoder of the embedded pieces' features."""
