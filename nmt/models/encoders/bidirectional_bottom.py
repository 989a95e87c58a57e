"""A deep encoder that reads in both directions at its bottom, and onward above."""

from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.encoders.encoder import Encoder, MakeEncoder
from nmt.models.memory import Memory, MemorySizes
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class BidirectionalBottomEncoder(Encoder):
    """Puts unidirectional layers on top of an encoder that has seen the whole sentence.

    Each layer above starts as soon as the layer below has its first value, which is why Google
    could lay the layers on several processors.

    Source: Wu et al. 2016, sections 3.1 (residual connections) and 3.2.

    Args:
        input_size: features of the embedded pieces.
        bottom: makes the first layer, bidirectional in the paper.
        stack: makes layers of (input size, layers' numbers).
        layers: how many, the bottom being one, at least 1.
    """

    def __init__(self, input_size: int, bottom: MakeEncoder, stack: MakeStack, layers: int) -> None:
        super().__init__()
        require(layers >= 1, "model.encoder.layers", layers, "at least 1")
        self.bottom = bottom(input_size)
        self.upper = stack(self.bottom.sizes.value, range(2, layers + 1))
        self.sizes = MemorySizes(
            value=self.upper.output_size,
            final=self.bottom.sizes.final + self.upper.state_sizes,
            directions=self.bottom.sizes.directions if layers == 1 else 1,
        )

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode, layer after layer."""
        memory = self.bottom(embedded, mask)
        start = self.upper.start(memory.values)
        values, finals = self.upper.unroll(memory.values, start, mask)
        return replace(memory, values=values, final=memory.final + finals)
