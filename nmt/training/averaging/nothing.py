"""No averaging: the best checkpoint is the model."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.averaging.averaging import KeptCheckpoint


@dataclass(frozen=True)
class NoAveraging:
    """Selects no checkpoint; the run's folder holds the best one in any case."""

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return no checkpoint."""
        return []
