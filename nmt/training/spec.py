"""All that decides a training beside its text; building one is the check of its values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from nmt.models.precision import Precision
from nmt.runtime import checks
from nmt.runtime.errors import require
from nmt.training.averaging.averaging import Averaging
from nmt.training.limits import Intervals, StoppingCriteria
from nmt.training.loggers.logger import Logger
from nmt.training.objectives.objective import Objective
from nmt.training.optimizers import build_optimizer
from nmt.training.resumption.resumption import Resumption
from nmt.training.schedules.schedule import Schedule
from nmt.training.validation.validation import Criterion


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """What every training needs, whatever it trains; fields are named as keys of `conf/`.

    Attributes:
        run: folder of the run.
        seed: of weights, order of the data and dropout.
        keep: training states that stay on disk.
        clip_norm: largest global norm of a gradient per target piece.
        stopping: when the training ends.
        intervals: how often it logs, validates and saves.
        objective: what is minimized.
        optimizer: builds the optimizer from groups of parameters.
        schedule: learning rate of each update.
        precision: number format of the computation.
        averaging: which checkpoints are averaged at the end.
        criterion: ranks validations.
        logger: receives the numbers.
        resumption: decides whether a run may continue with other settings.
        settings: the whole configuration as plain values, stored with the run and compared when
            it is resumed.

    Raises:
        ConfigurationError: if a value is out of range or of another type; names its key.
    """

    run: str
    seed: int
    keep: int
    clip_norm: float
    stopping: StoppingCriteria
    intervals: Intervals
    objective: Objective
    optimizer: Callable[..., torch.optim.Optimizer]
    schedule: Schedule
    precision: Precision
    averaging: Averaging
    criterion: Criterion
    logger: Logger
    resumption: Resumption
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Validate the values."""
        require(str(self.run).strip() != "", "run", self.run, "the name of a folder")
        checks.seed("seed", self.seed)
        checks.at_least("keep", self.keep, 1)
        checks.above("clip_norm", self.clip_norm, 0)
        build_optimizer(self.optimizer, torch.nn.Linear(1, 1))
