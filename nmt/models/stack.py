"""Recurrent layers in one direction, on top of each other."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models.cells.cell import Cell, MakeCell, NoiseMasks
from nmt.models.memory import Sizes, State
from nmt.models.variational_dropout import VariationalDropout
from nmt.runtime.errors import require

MakeNormalization = Callable[[int], nn.Module]
"""Makes the normalization of a layer's output of that many features."""

Masks = tuple[tuple[Tensor | None, NoiseMasks], ...]
"""For each layer the dropout mask of its inputs, `[rows, input]`, or None; and its cell's masks."""


class RecurrentStack(nn.Module):
    """Layers of dropout on the inputs, a cell, and normalization of the output.

    From layer `residual_from` on (counted from 1 at the bottom of the whole decoder), and where
    the sizes allow it, the layer's input is added to its output.

    Source: normalization of outputs after Ba, Kiros and Hinton 2016; residual connections from
    the third layer after Wu et al. 2016, section 3.1.

    Args:
        input_size: features of the lowest layer's inputs.
        numbers: the layers' numbers, counted from the bottom of the whole decoder, of which this
            stack may be a part; without any, outputs are the inputs.
        cell: makes each layer's cell.
        normalization: makes the normalization of each layer's output.
        dropout: share of each layer's inputs dropped for a whole sentence, in training.
        hidden_size: features of each layer's output.
        residual_from: number of the first layer with a residual connection.

    Raises:
        ConfigurationError: if the hidden size is less than 1.
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
    def state_sizes(self) -> Sizes:
        """Return the features of each tensor of each layer's state."""
        return tuple((cell.hidden_size,) * cell.parts for cell in self.cells)

    def start(self, inputs: Float[Tensor, "rows ..."]) -> tuple[State, ...]:
        """Return each layer's initial state, zeros, one row for each of `inputs`."""
        return tuple(cell.start(inputs) for cell in self.cells)

    def sample_masks(self, inputs: Float[Tensor, "rows ..."]) -> Masks:
        """Sample the masks of a batch of sentences, for all calls of `masked_step`."""
        masks = []
        for cell in self.cells:
            shape = (*inputs.shape[:1], cell.input_size)
            mask = self.dropout.sample_mask(inputs.new_empty(1).expand(shape))
            masks.append((mask, cell.sample_masks(inputs)))
        return tuple(masks)

    def no_masks(self) -> Masks:
        """Return masks that drop nothing."""
        return ((None, ()),) * len(self.cells)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        states: tuple[State, ...],
        mask: Bool[Tensor, "rows positions"] | None = None,
    ) -> tuple[Float[Tensor, "rows positions output"], tuple[State, ...]]:
        """Run over all positions, layer by layer; states do not change where `mask` is false."""
        finals = []
        for index, state in enumerate(states):
            inputs, final = self.unroll_layer(index, inputs, state, mask)
            finals.append(final)
        return inputs, tuple(finals)

    def unroll_layer(
        self,
        index: int,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions output"], State]:
        """Run one layer, counted from 0, over all positions."""
        outputs, final = self.cells[index].unroll(self.dropout(inputs), state, mask)
        outputs = self.normalizations[index](outputs)
        return outputs + inputs if self.residual[index] else outputs, final

    def step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Compute one position without dropout."""
        return self.masked_step(inputs, states, self.no_masks())

    def masked_step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...], masks: Masks
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Compute one position under `masks`."""
        new_states = []
        for index, (cell, normalization) in enumerate(
            zip(self.cells, self.normalizations, strict=True)
        ):
            mask, noise = masks[index]
            dropped = inputs if mask is None else inputs * mask
            output, state = cell.masked_step(cell.project(dropped), states[index], noise)
            output = normalization(output)
            inputs = output + inputs if self.residual[index] else output
            new_states.append(state)
        return inputs, tuple(new_states)


MakeStack = Callable[[int, Sequence[int]], RecurrentStack]
"""Makes the layers of those numbers over inputs of that many features."""


class ContextFedStack(nn.Module):
    """Layers each of which reads a context besides the output of the layer below.

    It replaces a `RecurrentStack` over concatenated inputs; residual connections add the output of
    the layer below alone. Without layers, outputs are the inputs.

    Args:
        stack: makes each layer.
        input_size: features of the lowest layer's inputs without the context.
        context_size: features of the context.
        numbers: the layers' numbers, counted from the bottom of the whole decoder.
    """

    def __init__(
        self, stack: MakeStack, input_size: int, context_size: int, numbers: Sequence[int]
    ) -> None:
        super().__init__()
        self.widths = [input_size, context_size]
        self.output_size = input_size + context_size
        layers = []
        residual = []
        for number in numbers:
            layer = stack(input_size + context_size, [number])
            residual.append(number >= layer.residual_from and input_size == layer.output_size)
            layers.append(layer)
            self.output_size = input_size = layer.output_size
        self.residual = tuple(residual)
        self.layers = cast(Sequence[RecurrentStack], nn.ModuleList(layers))

    @property
    def state_sizes(self) -> Sizes:
        """Return the features of each tensor of each layer's state."""
        return tuple(size for layer in self.layers for size in layer.state_sizes)

    def unroll(
        self, inputs: Float[Tensor, "rows positions input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows positions output"], tuple[State, ...]]:
        """Run over all positions, layer by layer; `inputs` end with the context."""
        return self._run(RecurrentStack.unroll, inputs, states)

    def step(
        self, inputs: Float[Tensor, "rows input"], states: tuple[State, ...]
    ) -> tuple[Float[Tensor, "rows output"], tuple[State, ...]]:
        """Compute one position without dropout."""
        return self._run(RecurrentStack.step, inputs, states)

    def _run(
        self, run_layer: Callable[..., Any], inputs: Tensor, states: tuple[State, ...]
    ) -> tuple[Tensor, tuple[State, ...]]:
        if not self.residual:
            return inputs, ()
        below, context = torch.split(inputs, self.widths, dim=-1)
        new_states: list[State] = []
        for layer, residual, state in zip(self.layers, self.residual, states, strict=True):
            output, layer_states = run_layer(layer, torch.cat([below, context], dim=-1), (state,))
            below = output + below if residual else output
            new_states.extend(layer_states)
        return below, tuple(new_states)
