"""The contract of a recurrent cell, with the slow loop that defines every fast one."""

import abc
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt.models import tree
from nmt.models.linear.training import recurrent_loop
from nmt.models.memory import State

Drawn = tuple[Tensor, ...]
"""What a cell drew for the sentences of a batch, each tensor rows first; empty at rest."""


class Cell(nn.Module, abc.ABC):
    """One recurrent layer's equation, in two parts: what time does not touch, and what it does.

    `project` is computed for all places at once, `step` place after place; together they are the
    cell's equation as printed in its paper. The first tensor of a state is the cell's output.

    Attributes:
        parts: how many tensors `[rows, hidden]` a state has.
    """

    parts: int

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size

    @abc.abstractmethod
    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute the share of the inputs in all gates, biases included."""

    @abc.abstractmethod
    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on."""

    def start(self, inputs: Float[Tensor, "rows ..."]) -> State:
        """Give the state of zeros from which a sequence starts, one row for each of `inputs`."""
        zeros = inputs.new_zeros(inputs.shape[0], self.hidden_size)
        return (zeros,) * self.parts

    def draw(self, inputs: Float[Tensor, "rows ..."]) -> Drawn:
        """Draw what lasts a sentence of training, one row for each of `inputs`; here nothing.

        Without it `masked_step` is `step`, which has no noise, in training neither.
        """
        return ()

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, drawn: Drawn
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on under what `draw` gave; without anything it is `step`."""
        return self.step(projected, state)

    def unroll(
        self,
        inputs: Float[Tensor, "rows places input"],
        state: State,
        mask: Bool[Tensor, "rows places"] | None,
    ) -> tuple[Float[Tensor, "rows places hidden"], State]:
        """Run over all places; a row's state stands still where `mask` is false.

        This loop is the definition. A cell that overrides it computes the same outputs wherever
        `mask` is true (elsewhere they are unspecified) and the same final state.
        A mask is true from a row's first place to its last, then false.
        """
        projected = self.project(inputs)
        drawn = self.draw(inputs)
        outputs = []
        with recurrent_loop():
            for place in range(inputs.shape[1]):
                output, moved = self.masked_step(projected[:, place], state, drawn)
                state = moved if mask is None else tree.where(mask[:, place], moved, state)
                outputs.append(output)
        return torch.stack(outputs, dim=1), state


MakeCell = Callable[[int, int], Cell]
"""Makes a cell of (input size, hidden size)."""
