"""An exponential moving average of the weights, validated and saved as the model."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nmt.runtime.errors import require
from nmt.training.averaging.averaging import KeptCheckpoint
from nmt.training.averaging.moving import ExponentialMovingAverage, MovingAverage


@dataclass(frozen=True)
class ExponentialAveraging:
    """Averages after every update, as Polyak and Juditsky 1992 with exponential weights.

    Attributes:
        decay: share of the average that each update leaves, at least 0, below 1; the average
            covers about the last `1 / (1 - decay)` updates.
    """

    decay: float

    def __post_init__(self) -> None:
        """Check that the value is in range."""
        require(0 <= self.decay < 1, "averaging.decay", self.decay, "at least 0 and below 1")

    def start(self, network: nn.Module) -> MovingAverage:
        """Return the average of a network that begins to train."""
        return ExponentialMovingAverage(network, self.decay)

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return no checkpoint."""
        return []
