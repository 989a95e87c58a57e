"""Linear growth, then decay with the square root of the updates."""

import math
from dataclasses import dataclass

from nmt.runtime import checks
from nmt.training.schedules.schedule import Schedule


@dataclass(frozen=True)
class InverseSquareRoot(Schedule):
    """`rate · min(update / warmup, sqrt(warmup / update))`: Vaswani et al. 2017, section 5.3.

    Attributes:
        peak_rate: the rate at the end of the warm-up, in the paper
            `1 / sqrt(model size · warmup)`.
        warmup: updates of linear growth, at least 1.
    """

    peak_rate: float
    warmup: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.above("schedule.peak_rate", self.peak_rate, 0)
        checks.at_least("schedule.warmup", self.warmup, 1)

    def rate(self, update: int, progress: float) -> float:
        """Return the learning rate of an update."""
        return self.peak_rate * min(update / self.warmup, math.sqrt(self.warmup / update))
