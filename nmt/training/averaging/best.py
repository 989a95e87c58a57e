"""The mean of the checkpoints with the best validations."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nmt.runtime import checks
from nmt.training.averaging.averaging import KeptCheckpoint
from nmt.training.averaging.moving import MovingAverage, NewestWeights


@dataclass(frozen=True)
class BestCheckpoints:
    """Selects the `count` checkpoints with the highest scores, of equal ones the newer."""

    count: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.at_least("averaging.count", self.count, 1)

    def start(self, network: nn.Module) -> MovingAverage:
        """Return the newest weights."""
        return NewestWeights()

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return the checkpoints to keep."""
        ranked = sorted(checkpoints, key=lambda one: (one.score, one.update), reverse=True)
        return ranked[: self.count]
