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
    """What the loop knows of the training data."""

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Give the batches of a pass (counted from 0), without the first `skip` of them.

        The same number gives the same batches, whatever the global random generators' states.
        """
        ...


@dataclass(frozen=True)
class UpdateBatches:
    """What an update is made from.

    Attributes:
        batches: at least one; the last group of an epoch may have fewer than the others.
        last: whether the epoch ends with it.
    """

    batches: list[Batch]
    last: bool


def groups(data: TrainingData, state: TrainingState, size: int) -> Iterator[UpdateBatches]:
    """Give groups of `size` batches for ever, beginning where `state` stands.

    Raises:
        NmtError: if an epoch has no batch.
    """
    while True:
        batches = data.epoch(state.epoch, state.batches)
        group = list(islice(batches, size))
        if not group:
            raise NmtError("the training data gives no batch; expected one sentence pair or more")
        while group:
            following = list(islice(batches, size))
            yield UpdateBatches(group, not following)
            group = following
