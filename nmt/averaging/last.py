"""Averages the newest checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt import ranges
from nmt.averaging.averaging import Kept


@dataclass(frozen=True)
class Last:
    """Keeps the `count` newest (Vaswani et al. 2017, section 6.1, average the last ones)."""

    count: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges.at_least("averaging.count", self.count, 1)

    def choose(self, kept: Sequence[Kept]) -> Sequence[Kept]:
        """Give those that stay."""
        ranked = sorted(kept, key=lambda one: one.update, reverse=True)
        return ranked[: self.count]
