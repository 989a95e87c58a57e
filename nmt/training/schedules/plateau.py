"""One rate until validation stops getting better, then a smaller one, and so on."""

import math

from nmt.runtime import checks
from nmt.training.schedules.schedule import Schedule


class Plateau(Schedule):
    """Multiplies the rate by `factor` after more than `patience` validations without a new best.

    Attributes:
        peak_rate: the rate after the warm-up, before the first fall.
        warmup: updates of linear growth; 0 for none.
        factor: what the rate is multiplied by at each fall, below 1.
        patience: validations without a new best that are borne before a fall.
        minimum_rate: the rate does not fall below this.
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
        self.best = -math.inf
        self.waited = 0
        self.falls = 0

    def rate(self, update: int, progress: float) -> float:
        """Give the rate of an update."""
        grown = self.peak_rate * min(1.0, update / max(1, self.warmup))
        return max(self.minimum_rate, grown * self.factor**self.falls)

    def observe(self, score: float) -> None:
        """Take in a validation's score, higher is better."""
        if score > self.best:
            self.best, self.waited = score, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.falls, self.waited = self.falls + 1, 0

    def state(self) -> dict[str, float]:
        """Give what `restore` needs to go on exactly."""
        return {"best": self.best, "waited": self.waited, "falls": self.falls}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from what `state` gave."""
        self.best = state["best"]
        self.waited = int(state["waited"])
        self.falls = int(state["falls"])
