"""Averages the checkpoints that validated best."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt import ranges
from nmt.averaging.averaging import Kept


@dataclass(frozen=True)
class Best:
    """Keeps the `count` with the highest scores; of equal ones the newer."""

    count: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges.at_least("averaging.count", self.count, 1)

    def choose(self, kept: Sequence[Kept]) -> Sequence[Kept]:
        """Give those that stay."""
        ranked = sorted(kept, key=lambda one: (one.score, one.update), reverse=True)
        return ranked[: self.count]
