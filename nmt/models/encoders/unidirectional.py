"""Encoders that read in one direction, from either end of the sentence."""

from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.encoders.encoder import Encoder
from nmt.models.memory import Memory, MemorySizes
from nmt.models.padding import reverse_padded
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class ForwardEncoder(Encoder):
    """Reads from the first piece to the last, so that a value depends on the pieces before it.

    Source: Cho et al. 2014, section 2.2.

    Args:
        input_size: features of the embedded pieces.
        stack: makes layers of (input size, layer numbers).
        layers: number of layers, at least 1.

    Raises:
        ConfigurationError: if there is no layer.
    """

    def __init__(self, input_size: int, stack: MakeStack, layers: int) -> None:
        super().__init__()
        require(layers >= 1, "model.encoder.layers", layers, "at least 1")
        self.stack = stack(input_size, range(1, layers + 1))
        self.sizes = MemorySizes(
            value=self.stack.output_size, final=self.stack.state_sizes, directions=1
        )

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode layer by layer."""
        values, finals = self.stack.unroll(embedded, self.stack.start(embedded), mask)
        return Memory(values, mask, finals)


class BackwardEncoder(ForwardEncoder):
    """Reads from END to the first piece.

    Values are at the positions of their pieces, as with every encoder.

    Source: Sutskever, Vinyals and Le 2014, section 3.3.
    """

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode the reversed sentences, and reverse the values."""
        memory = super().forward(reverse_padded(embedded, mask), mask)
        return replace(memory, values=reverse_padded(memory.values, mask))
