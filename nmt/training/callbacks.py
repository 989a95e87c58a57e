"""What the training loop calls from outside: validation, the best model, averages, the logger."""

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
from nmt.training.validation.validation import Validation


@dataclass(frozen=True)
class Callbacks:
    """Called between updates.

    Attributes:
        validate: validates the network as it is, without using random numbers.
        save_best: called after a validation that is the best so far, the network unchanged.
        save_skipped: called after a skipped update with its number, its learning rate and its
            result; returns the file with its lines.
        kept: weights that are averaged at the end.
        logger: receives the records.
    """

    validate: Callable[[], Validation]
    save_best: Callable[[Validation], None]
    save_skipped: Callable[[int, float, UpdateResult], Path]
    kept: KeptWeights
    logger: Logger


def of_process(callbacks: Callbacks) -> Callbacks:
    """Return the callbacks in the first process, and in the others such that write nothing."""
    if not collectives.rank():
        return callbacks
    return replace(
        callbacks,
        save_best=lambda validation: None,
        save_skipped=lambda update, rate, result: Path(os.devnull),
        kept=KeptWeights(callbacks.kept.folder, NoAveraging()),
        logger=MultiLogger([]),
    )
