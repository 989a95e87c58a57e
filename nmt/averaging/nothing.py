"""Averages nothing: the best checkpoint is the model."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.averaging.averaging import Kept


@dataclass(frozen=True)
class Nothing:
    """Keeps no weights beside the best ones, which the run's folder holds in any case."""

    def choose(self, kept: Sequence[Kept]) -> Sequence[Kept]:
        """Give those that stay: none."""
        return []
