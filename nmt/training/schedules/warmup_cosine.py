"""Linear growth, then half a cosine down to the end of training."""

import math
from dataclasses import dataclass

from nmt.runtime import checks
from nmt.training.schedules.schedule import Schedule


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """`rate · min(1, update / warmup) · (final + (1 - final) (1 + cos(π · progress)) / 2)`.

    Loshchilov and Hutter 2017, section 3, without restarts. The cosine is a function of the
    progress towards the end of training, so the number of updates need not be known in advance.
    To extend a finished run raises its rate again.

    Attributes:
        peak_rate: the rate after the warm-up, before decay.
        warmup: updates of linear growth; 0 for none.
        final_share: the final rate as a share of the peak.
    """

    peak_rate: float
    warmup: int
    final_share: float

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.above("schedule.peak_rate", self.peak_rate, 0)
        checks.at_least("schedule.warmup", self.warmup, 0)
        checks.fraction("schedule.final_share", self.final_share)

    def rate(self, update: int, progress: float) -> float:
        """Return the learning rate of an update."""
        grown = min(1.0, update / max(1, self.warmup))
        cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
        return self.peak_rate * grown * (self.final_share + (1 - self.final_share) * cosine)
