"""Averages the newest checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.runtime import checks
from nmt.training.averaging.averaging import KeptCheckpoint


@dataclass(frozen=True)
class LastCheckpoints:
    """Keeps the `count` newest (Vaswani et al. 2017, section 6.1, average the last ones)."""

    count: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        checks.at_least("averaging.count", self.count, 1)

    def choose(self, kept: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Give those that stay."""
        ranked = sorted(kept, key=lambda one: one.update, reverse=True)
        return ranked[: self.count]
