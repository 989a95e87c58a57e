"""The batches of each update, epoch after epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

from nmt.batch import Batch
from nmt.errors import NmtError
from nmt.progress import Progress


@runtime_checkable
class Data(Protocol):
    """What the loop knows of the training data."""

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Give the batches of a pass (counted from 0), without the first `skip` of them.

        The same number gives the same batches, whatever the global random generators' states.
        """
        ...


@dataclass(frozen=True)
class Group:
    """What an update is made from.

    Attributes:
        batches: at least one; the last group of an epoch may have fewer than the others.
        last: whether the epoch ends with it.
    """

    batches: list[Batch]
    last: bool


def groups(data: Data, progress: Progress, size: int) -> Iterator[Group]:
    """Give groups of `size` batches for ever, beginning where `progress` stands.

    Raises:
        NmtError: if an epoch has no batch.
    """
    while True:
        batches = data.epoch(progress.epoch, progress.batches)
        group = list(islice(batches, size))
        if not group:
            raise NmtError("the training data gives no batch; expected one sentence pair or more")
        while group:
            following = list(islice(batches, size))
            yield Group(group, not following)
            group = following
