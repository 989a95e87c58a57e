"""The contract of averaging: a moving average, and which weights are kept for a mean at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

from nmt.training.averaging.moving import MovingAverage


@dataclass(frozen=True)
class KeptCheckpoint:
    """Weights that were validated.

    Attributes:
        update: the update after which they were validated.
        score: of the validation; higher is better.
    """

    update: int
    score: float


@runtime_checkable
class Averaging(Protocol):
    """Starts a moving average, and selects checkpoints to average at the end of training.

    `averaging=NAME` chooses one, `none` by default. `moving.ExponentialMovingAverage` and
    `kept_weights.KeptWeights.mean` compute the averages; the trainer validates them.
    """

    def start(self, network: nn.Module) -> MovingAverage:
        """Return what is validated and saved in the place of the newest weights."""
        ...

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return the checkpoints to keep, of some that are given oldest first.

        The others are deleted, so they must not be needed by a later selection. Those that are
        kept at the end of training are averaged.
        """
        ...
