"""The contract of a recurrent cell, with the slow loop that defines the fast ones."""

import abc
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models import tree
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import State

NoiseMasks = tuple[Tensor, ...]
"""A cell's noise for the sentences of a batch, rows first; empty in evaluation mode."""


class Cell(nn.Module, abc.ABC):
    """The equation of a recurrent layer, split into what depends on the state and what does not.

    `project` is computed for all positions at once, `step` position after position; together they
    are the equation as printed in the cell's paper. The first tensor of a state is the output.

    Attributes:
        parts: number of tensors `[rows, hidden]` in a state.
    """

    parts: int

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @abc.abstractmethod
    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute the share of the inputs in all gates, biases included."""

    @abc.abstractmethod
    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute the output and the state after one more position."""

    def start(self, inputs: Float[Tensor, "rows ..."]) -> State:
        """Return the initial state, zeros, one row for each of `inputs`."""
        zeros = inputs.new_zeros(inputs.shape[0], self.hidden_size)
        return (zeros,) * self.parts

    def sample_masks(self, inputs: Float[Tensor, "rows ..."]) -> NoiseMasks:
        """Sample the noise of a sentence in training, one row for each of `inputs`; here none."""
        return ()

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, masks: NoiseMasks
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute `step` under the noise of `sample_masks`."""
        return self.step(projected, state)

    def unroll(
        self,
        inputs: Float[Tensor, "rows positions input"],
        state: State,
        mask: Bool[Tensor, "rows positions"] | None,
    ) -> tuple[Float[Tensor, "rows positions hidden"], State]:
        """Run over all positions and return their outputs and the final state.

        A row's state stays as it is where `mask` is false. A mask is true from a row's first
        position to its last, then false. This loop is the definition: a cell that overrides it
        computes the same outputs wherever `mask` is true (elsewhere they are unspecified) and the
        same final state.
        """
        projected = self.project(inputs)
        masks = self.sample_masks(inputs)
        outputs = []
        with recurrent_loop():
            for position in range(inputs.shape[1]):
                output, new = self.masked_step(projected[:, position], state, masks)
                state = new if mask is None else tree.where(mask[:, position], new, state)
                outputs.append(output)
        return torch.stack(outputs, dim=1), state


MakeCell = Callable[[int, int], Cell]
"""Makes a cell of (input size, hidden size)."""
