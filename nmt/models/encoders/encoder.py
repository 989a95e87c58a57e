"""The contract of an encoder."""

import abc
from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.memory import Memory, MemorySizes


class Encoder(nn.Module, abc.ABC):
    """Turns embedded source pieces into the memory that a decoder reads.

    Attributes:
        sizes: of its memories.
    """

    sizes: MemorySizes

    @abc.abstractmethod
    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode sentences; inputs where `mask` is false change nothing elsewhere."""


MakeEncoder = Callable[[int], Encoder]
"""Makes an encoder of embedded pieces of that many features."""
