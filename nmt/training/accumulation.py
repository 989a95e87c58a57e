"""The batches of each update, epoch after epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

from nmt.data.batch import Batch
from nmt.runtime.errors import NmtError
from nmt.training.progress import TrainingState


@runtime_checkable
class TrainingData(Protocol):
    """Training data that is read in epochs."""

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0, without the first `skip` of them.

        They depend on the number alone, not on the states of the global random generators.
        """
        ...


@dataclass(frozen=True)
class UpdateBatches:
    """The batches of one update.

    Attributes:
        batches: at least one; the last update of an epoch may have fewer than the others.
        last: whether it is the last update of an epoch.
    """

    batches: list[Batch]
    last: bool


def group_batches(data: TrainingData, state: TrainingState, size: int) -> Iterator[UpdateBatches]:
    """Yield groups of `size` batches without end, from the position of `state` on.

    Raises:
        NmtError: if an epoch has no batch.
    """
    while True:
        batches = data.epoch(state.epoch, state.batches)
        group = list(islice(batches, size))
        if not group:
            raise NmtError("the training data has no batch; expected at least one sentence pair")
        while group:
            following = list(islice(batches, size))
            yield UpdateBatches(group, not following)
            group = following
