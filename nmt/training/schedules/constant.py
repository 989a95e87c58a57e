"""A constant rate after the warm-up."""

from dataclasses import dataclass

from nmt.runtime import checks
from nmt.training.schedules.schedule import Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """`rate · min(1, update / warmup)`.

    Attributes:
        peak_rate: the rate after the warm-up.
        warmup: updates of linear growth; 0 for none.
    """

    peak_rate: float
    warmup: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.above("schedule.peak_rate", self.peak_rate, 0)
        checks.at_least("schedule.warmup", self.warmup, 0)

    def rate(self, update: int, progress: float) -> float:
        """Return the learning rate of an update."""
        return self.peak_rate * min(1.0, update / max(1, self.warmup))
