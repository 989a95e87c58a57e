"""Averages the checkpoints that validated best."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.averaging.averaging import Kept


@dataclass(frozen=True)
class Best:
    """Keeps the `count` with the highest scores; of equal ones the newer."""

    count: int

    def choose(self, kept: Sequence[Kept]) -> Sequence[Kept]:
        """Give those that stay."""
        ranked = sorted(kept, key=lambda one: (one.score, one.update), reverse=True)
        return ranked[: self.count]
