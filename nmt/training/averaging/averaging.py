"""The contract of checkpoint averaging: which weights stay on disk for the mean at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class KeptCheckpoint:
    """Weights that were validated.

    Attributes:
        update: the update after which they were validated.
        score: of the validation; higher is better.
    """

    update: int
    score: float


@runtime_checkable
class Averaging(Protocol):
    """Selects checkpoints; `kept_weights` averages them."""

    def select(self, checkpoints: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Return the checkpoints to keep, of some that are given oldest first.

        The others are deleted, so they must not be needed by a later selection. Those that are
        kept at the end of training are averaged.
        """
        ...
