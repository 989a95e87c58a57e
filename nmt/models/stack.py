"""Recurrent layers in one direction, on top of each other."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell, Drawn, MakeCell
from nmt.models.memory import State
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require

MakeNormalization = Callable[[int], nn.Module]
"""Makes what normalises a layer's output of that many features."""

Masks = tuple[tuple[Tensor | None, Drawn], ...]
"""For each layer the dropout mask of its inputs, `[rows, input]`, None at rest; and its cell's."""


class RecurrentStack(nn.Module):
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
        self.dropout = VariationalDropout(dropout)
        self.residual_from = residual_from
        self.residual = tuple(
            number >= residual_from and size == hidden_size
            for number, size in zip(numbers, sizes, strict=True)
        )
        self.output_size = hidden_size if sizes else input_size

    @property
    def state_sizes(self) -> tuple[tuple[int, ...], ...]:
        """Give for each layer the features of each tensor of its state."""
        return tuple((cell.hidden_size,) * cell.parts for cell in self.cells)

    def start(self, inputs: Float[Tensor, "rows ..."]) -> tuple[State, ...]:
        """Give each layer's state of zeros, one row for each of `inputs`."""
        return tuple(cell.start(inputs) for cell in self.cells)

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
        self,
        inputs: Float[Tensor, "rows places input"],
        states: tuple[State, ...],
        mask: Bool[Tensor, "rows places"] | None = None,
    ) -> tuple[Float[Tensor, "rows places output"], tuple[State, ...]]:
        """Run over all places, layer after layer; states stand still where `mask` is false."""
        finals = []
        for index, state in enumerate(states):
            inputs, final = self.unroll_layer(index, inputs, state, mask)
            finals.append(final)
        return inputs, tuple(finals)

    def unroll_layer(
        self,
        index: int,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places output"], State]:
        """Run one layer, counted from 0, over all places."""
        outputs, final = self.cells[index].unroll(self.dropout(inputs), state, mask)
        outputs = self.normalizations[index](outputs)
        return outputs + inputs if self.residual[index] else outputs, final

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


MakeStack = Callable[[int, Sequence[int]], RecurrentStack]
"""Makes the layers of those numbers over inputs of that many features."""


class ContextFedStack(nn.Module):
    """Layers each of which hears, besides the layer below it, the same further vector.

    It stands in for a `RecurrentStack` over inputs in which the two lie side by side; residual
    connections carry the share of the layer below alone. Without layers, outputs are the inputs.

    Args:
        stack: makes each layer.
        below_size: features of what the lowest layer has below it.
        told_size: features of what all layers hear.
        numbers: the layers' numbers, from the bottom of the whole decoder.
    """

    def __init__(
        self, stack: MakeStack, below_size: int, told_size: int, numbers: Sequence[int]
    ) -> None:
        super().__init__()
        self.widths = [below_size, told_size]
        self.output_size = below_size + told_size
        layers = []
        residual = []
        for number in numbers:
            layer = stack(below_size + told_size, [number])
            residual.append(number >= layer.residual_from and below_size == layer.output_size)
            layers.append(layer)
            self.output_size = below_size = layer.output_size
        self.residual = tuple(residual)
        self.layers = cast(Sequence[RecurrentStack], nn.ModuleList(layers))

    @property
    def state_sizes(self) -> tuple[tuple[int, ...], ...]:
        """Give for each layer the features of each tensor of its state."""
        return tuple(size for layer in self.layers for size in layer.state_sizes)

    def unroll(
        self, inputs: Float[Tensor, "rows places input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows places output"], tuple[State, ...]]:
        """Run over all places, layer after layer."""
        return self._climb(RecurrentStack.unroll, inputs, states)

    def step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Move all layers one place on, without dropout."""
        return self._climb(RecurrentStack.step, inputs, states)

    def _climb(
        self, move: Callable[..., Any], inputs: Tensor, states: tuple[State, ...]
    ) -> tuple[Tensor, tuple[State, ...]]:
        if not self.residual:
            return inputs, ()
        below, told = torch.split(inputs, self.widths, dim=-1)
        moved: list[State] = []
        for layer, residual, state in zip(self.layers, self.residual, states, strict=True):
            output, states_after = move(layer, torch.cat([below, told], dim=-1), (state,))
            below = output + below if residual else output
            moved.extend(states_after)
        return below, tuple(moved)
