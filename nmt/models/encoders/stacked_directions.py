"""Deep encoders of two columns of layers, which meet at the top alone."""

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
    """Stacks layers that read forward, and beside them layers that read backward.

    Where every layer is bidirectional (`Bidirectional`), a layer sees the whole sentence from
    the second on; here each sees what its own direction has read.

    Source: so stacked by Peters et al. 2018, section 3.1, for their language models.

    Args:
        input_size: features of the embedded pieces.
        cell: makes the cell of each layer of each direction.
        normalization: makes what normalises each layer's output.
        dropout: share of each layer's inputs switched off for a sentence, at training.
        hidden_size: features of each value, one half from each direction.
        layers: how many in each direction.
        residual_from: number, from 1 at the bottom, of the first layer with a residual
            connection.

    Raises:
        ConfigurationError: if the hidden size cannot be halved.
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
        self.onward = ForwardEncoder(input_size, stack, layers)
        self.back = BackwardEncoder(input_size, stack, layers)
        halves = self.onward.sizes.final
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
        """Encode in both directions, each by itself."""
        onward, back = self.onward(embedded, mask), self.back(embedded, mask)
        values = torch.cat([onward.values, back.values], dim=-1)
        return Memory(values, mask, tree.concatenate(onward.final, back.final))


class AlternatingDirectionsEncoder(StackedDirectionsEncoder):
    """Lets each column turn round from layer to layer: forward over backward over forward.

    A layer that reads forward has below it the one that read backward, and the other way about;
    from the second layer on a value thus sees the whole sentence.

    Source: Zhou et al. 2016, section 3; Miceli Barone et al. 2017, section 2.3.
    """

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode, layer after layer."""
        one, other = self.onward.stack, self.back.stack
        onward, back = embedded, embedded
        finals = []
        starts = zip(one.start(embedded), other.start(embedded), strict=True)
        for index, (start, back_start) in enumerate(starts):
            turned = reverse_padded(onward, mask)
            onward, final = one.unroll_layer(index, back, start, mask)
            back, back_final = other.unroll_layer(index, turned, back_start, mask)
            back = reverse_padded(back, mask)
            finals.append(tree.concatenate(final, back_final))
        return Memory(torch.cat([onward, back], dim=-1), mask, tuple(finals))
