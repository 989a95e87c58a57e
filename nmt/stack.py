"""Recurrent layers in one direction, on top of each other."""

from collections.abc import Callable, Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from nmt.cells.cell import Cell, Drawn, MakeCell
from nmt.dropout import Locked
from nmt.errors import require
from nmt.memory import State

MakeNormalization = Callable[[int], nn.Module]
"""Makes what normalises a layer's output of that many features."""

Masks = tuple[tuple[Tensor | None, Drawn], ...]
"""For each layer the dropout mask of its inputs, `[rows, input]`, None at rest; and its cell's."""


class Stack(nn.Module):
    """Layers of which each drops some inputs, runs its cell and normalises the output.

    From layer `residual_from` on (counted from 1 at the bottom of the whole decoder), and where
    the sizes allow it, the layer's input is added to its output.

    Source: normalisation of outputs after Ba, Kiros and Hinton 2016; residual connections from
    the third layer after Wu et al. 2016, section 3.1.

    Args:
        input_size: features of the lowest layer's inputs.
        numbers: the layers' numbers, from the bottom of the whole decoder, of which this stack
            may be a part; without any, outputs are the inputs.
        cell: makes each layer's cell.
        normalization: makes what normalises each layer's output.
        dropout: share of each layer's inputs switched off for a sentence, at training.
        hidden_size: features of each layer's output.
        residual_from: number of the first layer with a residual connection.
    """

    def __init__(
        self,
        input_size: int,
        numbers: Sequence[int],
        cell: MakeCell,
        normalization: MakeNormalization,
        dropout: float,
        hidden_size: int,
        residual_from: int,
    ) -> None:
        super().__init__()
        require(hidden_size >= 1, "hidden_size", hidden_size, "at least 1")
        sizes = [input_size, *[hidden_size] * (len(numbers) - 1)][: len(numbers)]
        cells = nn.ModuleList(cell(size, hidden_size) for size in sizes)
        self.cells = cast(Sequence[Cell], cells)
        self.normalizations = nn.ModuleList(normalization(hidden_size) for _ in sizes)
        self.dropout = Locked(dropout)
        self.residual = tuple(
            number >= residual_from and size == hidden_size
            for number, size in zip(numbers, sizes, strict=True)
        )
        self.output_size = hidden_size if sizes else input_size

    @property
    def state_sizes(self) -> tuple[tuple[int, ...], ...]:
        """Give for each layer the features of each tensor of its state."""
        return tuple((cell.hidden_size,) * cell.parts for cell in self.cells)

    def draw(self, inputs: Float[Tensor, "rows ..."]) -> Masks:
        """Draw the masks of one batch of sentences, for `masked_step` after `masked_step`."""
        masks = []
        for cell in self.cells:
            shape = (*inputs.shape[:1], cell.input_size)
            mask = self.dropout.draw(inputs.new_empty(1).expand(shape))
            masks.append((mask, cell.draw(inputs)))
        return tuple(masks)

    def no_masks(self) -> Masks:
        """Give the masks that drop nothing."""
        return ((None, ()),) * len(self.cells)

    def unroll(
        self, inputs: Float[Tensor, "rows places input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows places output"], tuple[State, ...]]:
        """Run over all places, layer after layer."""
        finals = []
        for index, (cell, normalization) in enumerate(
            zip(self.cells, self.normalizations, strict=True)
        ):
            outputs, final = cell.unroll(self.dropout(inputs), states[index], None)
            outputs = normalization(outputs)
            inputs = outputs + inputs if self.residual[index] else outputs
            finals.append(final)
        return inputs, tuple(finals)

    def step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Move all layers one place on, without dropout."""
        return self.masked_step(inputs, states, self.no_masks())

    def masked_step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...], masks: Masks
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Move all layers one place on, under masks of `draw`."""
        moved = []
        for index, (cell, normalization) in enumerate(
            zip(self.cells, self.normalizations, strict=True)
        ):
            mask, drawn = masks[index]
            dropped = inputs if mask is None else inputs * mask
            output, state = cell.masked_step(cell.project(dropped), states[index], drawn)
            output = normalization(output)
            inputs = output + inputs if self.residual[index] else output
            moved.append(state)
        return inputs, tuple(moved)


MakeStack = Callable[[int, Sequence[int]], Stack]
"""Makes the layers of those numbers over inputs of that many features."""
