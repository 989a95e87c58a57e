"""A deep encoder whose layers all read in both directions."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models import tree
from nmt.models.cells.cell import Cell, MakeCell
from nmt.models.encoders.encoder import Encoder
from nmt.models.memory import Memory, MemorySizes, State
from nmt.models.padding import reverse_padded
from nmt.models.stack import MakeNormalization
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require


class BidirectionalEncoder(Encoder):
    """Layers of a forward and a backward cell, which read both outputs of the layer below.

    The outputs of each layer are normalized; from layer `residual_from` on its inputs are added.

    Source: Schuster and Paliwal 1997; Bahdanau, Cho and Bengio 2015, section 3.2.

    Args:
        input_size: features of the embedded pieces.
        cell: makes the cell of each direction of each layer.
        normalization: makes the normalization of each layer's output.
        dropout: share of each layer's inputs dropped for a whole sentence, in training.
        hidden_size: features of each layer's output, one half from each direction.
        layers: number of layers, at least 1.
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
        require(layers >= 1, "model.encoder.layers", layers, "at least 1")
        even = hidden_size >= 2 and hidden_size % 2 == 0
        require(even, "model.encoder.hidden_size", hidden_size, "an even number, half a direction")
        sizes = [input_size, *[hidden_size] * (layers - 1)]
        self.forwards = cast(Sequence[Cell], _cells(cell, sizes, hidden_size // 2))
        self.backwards = cast(Sequence[Cell], _cells(cell, sizes, hidden_size // 2))
        self.normalizations = nn.ModuleList(normalization(hidden_size) for _ in sizes)
        self.dropout = VariationalDropout(dropout)
        self.residual = tuple(
            number >= residual_from and size == hidden_size
            for number, size in enumerate(sizes, start=1)
        )
        finals = tuple((hidden_size,) * cell.parts for cell in self.forwards)
        self.sizes = MemorySizes(value=hidden_size, final=finals, directions=2)

    def forward(
        self,
        embedded: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"],
    ) -> Memory:
        """Encode layer by layer."""
        values = embedded
        finals = []
        for index, normalization in enumerate(self.normalizations):
            inputs = self.dropout(values)
            outputs, final = _read_both(self.forwards[index], self.backwards[index], inputs, mask)
            outputs = normalization(outputs)
            values = outputs + values if self.residual[index] else outputs
            finals.append(final)
        return Memory(values, mask, tuple(finals))


def _cells(cell: MakeCell, sizes: Sequence[int], hidden_size: int) -> nn.ModuleList:
    return nn.ModuleList(cell(size, hidden_size) for size in sizes)


def _read_both(
    forwards: Cell, backwards: Cell, inputs: Tensor, mask: Tensor
) -> tuple[Float[Tensor, "batch source output"], State]:
    """Concatenate both directions; the backward one starts at each sentence's own end."""
    forward, forward_final = forwards.unroll(inputs, forwards.start(inputs), mask)
    reversed_inputs = reverse_padded(inputs, mask)
    start = backwards.start(reversed_inputs)
    backward, backward_final = backwards.unroll(reversed_inputs, start, mask)
    outputs = torch.cat([forward, reverse_padded(backward, mask)], dim=-1)
    return outputs, tree.concatenate(forward_final, backward_final)
