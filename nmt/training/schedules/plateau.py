"""A constant rate until validation stops improving, then a smaller one, and so on."""

import math

from nmt.runtime import checks
from nmt.training.schedules.schedule import Schedule


class Plateau(Schedule):
    """Multiplies the rate by `factor` after more than `patience` validations without a new best.

    Attributes:
        peak_rate: the rate after the warm-up.
        warmup: updates of linear growth; 0 for none.
        factor: by which the rate is multiplied at each reduction, below 1.
        patience: validations without a new best that are tolerated.
        minimum_rate: below which the rate is not reduced.
        reductions: how often the rate was reduced.
    """

    def __init__(
        self, peak_rate: float, warmup: int, factor: float, patience: int, minimum_rate: float
    ) -> None:
        checks.above("schedule.peak_rate", peak_rate, 0)
        checks.at_least("schedule.warmup", warmup, 0)
        checks.fraction("schedule.factor", factor)
        checks.at_least("schedule.patience", patience, 0)
        checks.at_least("schedule.minimum_rate", minimum_rate, 0)
        self.peak_rate = peak_rate
        self.warmup = warmup
        self.factor = factor
        self.patience = patience
        self.minimum_rate = minimum_rate
        self._best = -math.inf
        self._stale = 0
        self.reductions = 0

    def rate(self, update: int, progress: float) -> float:
        """Return the learning rate of an update."""
        grown = self.peak_rate * min(1.0, update / max(1, self.warmup))
        return max(self.minimum_rate, grown * self.factor**self.reductions)

    def observe(self, score: float) -> None:
        """Use the score of a validation; higher is better."""
        if score > self._best:
            self._best, self._stale = score, 0
            return
        self._stale += 1
        if self._stale > self.patience:
            self.reductions, self._stale = self.reductions + 1, 0

    def state(self) -> dict[str, float]:
        """Return plain values for `restore`."""
        return {"best": self._best, "stale": self._stale, "reductions": self.reductions}

    def restore(self, state: dict[str, float]) -> None:
        """Restore what `state` returned."""
        self._best = state["best"]
        self._stale = int(state["stale"])
        self.reductions = int(state["reductions"])
