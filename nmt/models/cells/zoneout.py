"""Noise that keeps features of a state as they were, for any other cell."""

import torch
from jaxtyping import Float
from torch import Tensor

from nmt.models.cells.cell import Cell, MakeCell, NoiseMasks
from nmt.models.memory import State
from nmt.runtime import checks


class Zoneout(Cell):
    """An inner cell in whose state features randomly keep their previous values.

    In training, with `d` sampled at every position, 1 with the probability of the rate:
    `s(t) = d∘s(t-1) + (1-d)∘s~(t)`, where `s~` is the inner cell's new state; in evaluation mode
    `d` is its expectation, the rate. `h~` is computed from the new cell state, before zoneout. The
    output is the first part of `s(t)`.

    All positions are a loop, in evaluation mode too; docs/internals.md has the cost.

    Source: Krueger et al. 2017, section 3.

    Args:
        input_size: features of each input.
        hidden_size: features of each tensor of the state.
        cell: makes the inner cell.
        hidden_rate: probability that a feature of the hidden vector, the first part, is kept.
        cell_state_rate: the same for the parts after it (an LSTM's cell state).

    Raises:
        ConfigurationError: if a rate is not between 0 and 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: MakeCell,
        hidden_rate: float,
        cell_state_rate: float,
    ) -> None:
        super().__init__(input_size, hidden_size)
        checks.fraction("hidden_rate", hidden_rate)
        checks.fraction("cell_state_rate", cell_state_rate)
        self.cell = cell(input_size, hidden_size)
        self.parts = self.cell.parts
        self.rates = (hidden_rate, *(cell_state_rate,) * (self.parts - 1))

    def project(self, inputs: Float[Tensor, "*shape input"]) -> Float[Tensor, "*shape projected"]:
        """Compute the inner cell's share of the inputs."""
        return self.cell.project(inputs)

    def sample_masks(self, inputs: Float[Tensor, "rows ..."]) -> NoiseMasks:
        """Return the rates, `[rows, 1]` each, by which every position samples its own mask.

        The masks of the inner cell follow them. In evaluation mode there are none.
        """
        if not self.training:
            return ()
        rows = inputs.shape[0]
        rates = (inputs.new_full((rows, 1), rate, dtype=torch.float32) for rate in self.rates)
        return (*rates, *self.cell.sample_masks(inputs))

    def step(
        self, projected: Float[Tensor, "rows projected"], state: State
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position without noise."""
        return self.masked_step(projected, state, ())

    def masked_step(
        self, projected: Float[Tensor, "rows projected"], state: State, masks: NoiseMasks
    ) -> tuple[Float[Tensor, "rows hidden"], State]:
        """Compute one position by the rates in `masks`; without any, by the expectation."""
        _, new = self.cell.masked_step(projected, state, masks[self.parts :])
        old = [part.to(other.dtype) for part, other in zip(state, new, strict=True)]
        if masks:
            mixed = tuple(map(_choose, new, old, masks[: self.parts]))
        else:
            mixed = tuple(map(torch.lerp, new, old, self.rates))
        return mixed[0], mixed


def _choose(
    new: Float[Tensor, "rows hidden"],
    old: Float[Tensor, "rows hidden"],
    rate: Float[Tensor, "rows one"],
) -> Float[Tensor, "rows hidden"]:
    """Take `old` in features sampled with probability `rate`, and `new` in the others."""
    # Random numbers in half precision have too few values to compare with a small rate.
    keep = torch.rand_like(new, dtype=torch.float32) < rate
    return torch.where(keep, old, new)
