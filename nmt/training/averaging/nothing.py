"""Averages nothing: the best checkpoint is the model."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.averaging.averaging import KeptCheckpoint


@dataclass(frozen=True)
class NoAveraging:
    """Keeps no weights beside the best ones, which the run's folder holds in any case."""

    def choose(self, kept: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Give those that stay: none."""
        return []
