"""Noise that keeps features of a state as they were, around any other cell."""

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.cells.cell import Cell, Drawn, MakeCell
from nmt.models.memory import State
from nmt.runtime import checks


class Zoneout(Cell):
    """The inner cell, of whose state each feature may sleep through a place.

    In training, with `d` drawn at every place, 1 with the rate's probability:
    `s(t) = d∘s(t-1) + (1-d)∘s~(t)`, where `s~` is what the inner cell gives; at rest `d` is its
    expectation, the rate. `h~` is computed from the new content, not from what was kept of it.
    The output is the first part of the state, as kept.

    All places are a loop, at rest too; docs/architecture.md has the price.

    Source: Krueger et al. 2017, section 3.

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes the inner cell.
        hidden_rate: with what probability a feature of the first part is kept.
        content_rate: the same for the parts after it (an LSTM's content).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: MakeCell,
        hidden_rate: float,
        content_rate: float,
    ) -> None:
        super().__init__(input_size, hidden_size)
        checks.fraction("hidden_rate", hidden_rate)
        checks.fraction("content_rate", content_rate)
        self.cell = cell(input_size, hidden_size)
        self.parts = self.cell.parts
        self.rates = (hidden_rate, *(content_rate,) * (self.parts - 1))

    def project(self, inputs: Float[Tensor, "*places input"]) -> Float[Tensor, "*places projected"]:
        """Compute the inner cell's share of the inputs."""
        return self.cell.project(inputs)

    def draw(self, inputs: Float[Tensor, "rows ..."]) -> Drawn:
        """Give the rates, `[rows, 1]` each, after which every place draws; nothing at rest.

        What the inner cell draws follows them.
        """
        if not self.training:
            return ()
        rows = inputs.shape[0]
        rates = (inputs.new_full((rows, 1), rate, dtype=torch.float32) for rate in self.rates)
        return (*rates, *self.cell.draw(inputs))

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on, without noise."""
        return self.masked_step(projected, state, ())

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, drawn: Drawn
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Move one place on, by the rates that were drawn; without any, by the expectation."""
        _, moved = self.cell.masked_step(projected, state, drawn[self.parts :])
        before = [old.to(new.dtype) for old, new in zip(state, moved, strict=True)]
        if drawn:
            kept = tuple(map(_either, moved, before, drawn[: self.parts]))
        else:
            kept = tuple(map(torch.lerp, moved, before, self.rates))
        return kept[0], kept


def _either(
    new: Float[Tensor, "rows hidden"],
    old: Float[Tensor, "rows hidden"],
    rate: Float[Tensor, "rows one"],
) -> Float[Tensor, "rows hidden"]:
    """Give `old` in features drawn with probability `rate`, and `new` in the others."""
    # A half-precision draw has too few values to compare with a small rate.
    asleep = torch.rand_like(new, dtype=torch.float32) < rate
    return torch.where(asleep, old, new)
