"""The contract of checkpoint averaging: which weights stay on disk for the mean at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class KeptCheckpoint:
    """Weights that a validation saw.

    Attributes:
        update: the update after which they were validated.
        score: the validation's, higher is better.
    """

    update: int
    score: float


@runtime_checkable
class Averaging(Protocol):
    """Chooses; the mean itself is the same for every choice and stands in
    `nmt.training.averaging.kept_weights`."""

    def choose(self, kept: Sequence[KeptCheckpoint]) -> Sequence[KeptCheckpoint]:
        """Give those of `kept` (oldest first) that stay; all that stay at the end are averaged.

        Whatever is not chosen once is deleted, so a choice must never need it again.
        """
        ...
