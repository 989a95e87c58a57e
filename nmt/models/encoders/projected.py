"""An encoder with one more linear layer over its values."""

from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.encoders.encoder import Encoder, MakeEncoder
from nmt.models.memory import Memory
from nmt.runtime.errors import require


class ProjectedEncoder(Encoder):
    """Computes `W value + b` of another encoder's values; its final states stay as they are.

    Source: Chen et al. 2018, section 3.1.

    Args:
        input_size: features of the embedded pieces.
        encoder: makes the encoder whose values are projected.
        size: features of each projected value, at least 1.

    Raises:
        ConfigurationError: if the size is less than 1.
    """

    def __init__(self, input_size: int, encoder: MakeEncoder, size: int) -> None:
        super().__init__()
        require(size >= 1, "model.encoder.size", size, "at least 1")
        self.encoder = encoder(input_size)
        self.projection = nn.Linear(self.encoder.sizes.value, size)
        self.sizes = replace(self.encoder.sizes, value=size)

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode, then project."""
        memory = self.encoder(embedded, mask)
        return replace(memory, values=self.projection(memory.values))
