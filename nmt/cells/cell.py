"""The contract of a recurrent cell, with the slow loop that defines every fast one."""

import abc
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nmt import tree
from nmt.memory import State


class Cell(nn.Module, abc.ABC):
    """One recurrent layer's equation, in two parts: what time does not touch, and what it does.

    `project` is computed for all places at once, `step` place after place; together they are the
    cell's equation as printed in its paper. The first tensor of a state is the cell's output.

    Attributes:
        parts: how many tensors `[rows, hidden]` a state has.
    """

    parts: ClassVar[int]

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
        outputs = []
        for place in range(inputs.shape[1]):
            output, moved = self.step(projected[:, place], state)
            state = moved if mask is None else tree.where(mask[:, place], moved, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
