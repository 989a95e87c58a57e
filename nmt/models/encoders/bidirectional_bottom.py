"""A deep encoder whose bottom layer is bidirectional and whose other layers read forward."""

from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models.encoders.encoder import Encoder, MakeEncoder
from nmt.models.memory import Memory, MemorySizes
from nmt.models.stack import MakeStack
from nmt.runtime.errors import require


class BidirectionalBottomEncoder(Encoder):
    """Unidirectional layers on top of an encoder that has read the whole sentence.

    Each layer above starts as soon as the layer below has its first value, so that layers can
    run on several processors at once.

    Source: Wu et al. 2016, sections 3.1 (residual connections) and 3.2.

    Args:
        input_size: features of the embedded pieces.
        bottom: makes the first layer, bidirectional in the paper.
        stack: makes layers of (input size, layer numbers).
        layers: number of layers with the bottom one, at least 1.

    Raises:
        ConfigurationError: if there is no layer.
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
        """Encode layer by layer."""
        memory = self.bottom(embedded, mask)
        start = self.upper.start(memory.values)
        values, finals = self.upper.unroll(memory.values, start, mask)
        return replace(memory, values=values, final=memory.final + finals)
