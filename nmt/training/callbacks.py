"""Who looks at a training from outside: validation, the best model, averages, the journal."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nmt.training.averaging.kept_weights import KeptWeights
from nmt.training.averaging.nothing import NoAveraging
from nmt.training.distributed import collectives
from nmt.training.loggers.logger import Logger
from nmt.training.loggers.several import MultiLogger
from nmt.training.progress import UpdateResult
from nmt.training.validation.validation import Criterion, Validation


@dataclass(frozen=True)
class Callbacks:
    """Who looks at the network between updates.

    Attributes:
        validate: looks at the network as it is; draws no random numbers.
        criterion: makes of a validation the score by which the best model is chosen.
        keep_best: called after a validation that is the best so far, the network unchanged.
        keep_skipped: called after an update that was skipped, with its number, its rate and what
            was wrong; gives the file in which its lines can be seen.
        kept: weights that are averaged at the end.
        journal: takes the numbers.
    """

    validate: Callable[[], Validation]
    criterion: Criterion
    keep_best: Callable[[Validation], None]
    keep_skipped: Callable[[int, float, UpdateResult], Path]
    kept: KeptWeights
    journal: Logger


def of_process(watchers: Callbacks) -> Callbacks:
    """Give the watchers of the first process; in the others such as write nothing."""
    if not collectives.rank():
        return watchers
    return replace(
        watchers,
        keep_best=lambda validation: None,
        keep_skipped=lambda update, rate, result: Path(os.devnull),
        kept=KeptWeights(watchers.kept.folder, NoAveraging()),
        journal=MultiLogger([]),
    )
