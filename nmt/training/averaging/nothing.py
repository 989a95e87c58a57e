"""No averaging: the best checkpoint is the model."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nmt.training.averaging.averaging import KeptCheckpoint
from nmt.training.averaging.moving import MovingAverage, NewestWeights


@dataclass(frozen=True)
class NoAveraging:
    """Selects no checkpoint; the run's folder holds the best one in any case."""

    def start(self, network: nn.Module) -> MovingAverage:
        """Return the newest weights."""
        return NewestWeights()

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return no checkpoint."""
        return []
