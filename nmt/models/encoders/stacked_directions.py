"""Deep encoders of two columns of layers, which are joined at the top."""

from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nmt.models import tree
from nmt.models.cells.cell import MakeCell
from nmt.models.encoders.encoder import Encoder
from nmt.models.encoders.unidirectional import BackwardEncoder, ForwardEncoder
from nmt.models.memory import Memory, MemorySizes
from nmt.models.padding import reverse_padded
from nmt.models.stack import MakeNormalization, RecurrentStack
from nmt.runtime.errors import require


class StackedDirectionsEncoder(Encoder):
    """A stack of layers that read forward beside a stack of layers that read backward.

    In `BidirectionalEncoder` layers from the second on depend on the whole sentence; here each
    depends on what its own direction has read.

    Source: Peters et al. 2018, section 3.1, there for language models.

    Args:
        input_size: features of the embedded pieces.
        cell: makes the cell of each layer of each direction.
        normalization: makes the normalization of each layer's output.
        dropout: share of each layer's inputs dropped for a whole sentence, in training.
        hidden_size: features of each value, one half from each direction.
        layers: number of layers in each direction, at least 1.
        residual_from: number of the first layer with a residual connection, from 1 at the bottom.

    Raises:
        ConfigurationError: if there is no layer, or the hidden size is odd.
    """

    def __init__(
        self,
        input_size: int,
        cell: MakeCell,
        normalization: MakeNormalization,
        dropout: float,
        hidden_size: int,
        layers: int,
        residual_from: int,
    ) -> None:
        super().__init__()
        even = hidden_size >= 2 and hidden_size % 2 == 0
        require(even, "model.encoder.hidden_size", hidden_size, "an even number, half a direction")
        stack = partial(
            RecurrentStack,
            cell=cell,
            normalization=normalization,
            dropout=dropout,
            hidden_size=hidden_size // 2,
            residual_from=residual_from,
        )
        self.forwards = ForwardEncoder(input_size, stack, layers)
        self.backwards = BackwardEncoder(input_size, stack, layers)
        halves = self.forwards.sizes.final
        self.sizes = MemorySizes(
            value=hidden_size,
            final=tuple(tuple(2 * size for size in sizes) for sizes in halves),
            directions=2,
        )

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode in each direction separately."""
        forward, backward = self.forwards(embedded, mask), self.backwards(embedded, mask)
        values = torch.cat([forward.values, backward.values], dim=-1)
        return Memory(values, mask, tree.concatenate(forward.final, backward.final))


class AlternatingDirectionsEncoder(StackedDirectionsEncoder):
    """Two columns whose directions alternate from layer to layer.

    A forward layer reads the outputs of a backward one, and vice versa; from the second layer on
    a value thus depends on the whole sentence.

    Source: Zhou et al. 2016, section 3; Miceli Barone et al. 2017, section 2.3.
    """

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode layer by layer."""
        forwards, backwards = self.forwards.stack, self.backwards.stack
        forward, backward = embedded, embedded
        finals = []
        starts = zip(forwards.start(embedded), backwards.start(embedded), strict=True)
        for index, (start, backward_start) in enumerate(starts):
            inputs = reverse_padded(forward, mask)
            forward, final = forwards.unroll_layer(index, backward, start, mask)
            backward, backward_final = backwards.unroll_layer(index, inputs, backward_start, mask)
            backward = reverse_padded(backward, mask)
            finals.append(tree.concatenate(final, backward_final))
        return Memory(torch.cat([forward, backward], dim=-1), mask, tuple(finals))
