"""What the commands that train have in common: their settings, and how a training is watched."""

import logging
import math
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from nmt.config.instantiate import instantiate
from nmt.evaluation.test_sets import TRAINING
from nmt.models.saved.folder import SCORES, WEIGHTS
from nmt.runtime import checks, checksums, locks, random_state
from nmt.runtime.errors import ConfigurationError, NmtError, require
from nmt.runtime.signals import Interrupted
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives
from nmt.training.limits import Intervals, StoppingCriteria
from nmt.training.optimizers import eager, parameter_groups
from nmt.training.resumption.settings import (
    CORPUS,
    PROCESSES,
    RunSettings,
    processes,
    resolve_settings,
)
from nmt.training.trainer import Trainer

logger = logging.getLogger(__name__)


def check(config: DictConfig, groups: Sequence[str]) -> None:
    """Make once what needs no corpus: what is wrong is to be said before long preparations.

    Args:
        config: of a command that trains.
        groups: nodes that can be made as they are.

    Raises:
        ConfigurationError: naming key and value.
    """
    require(str(config.run).strip() != "", "run", config.run, "the name of a folder")
    bounds(config)
    pace(config)
    checks.above("clip_norm", config.clip_norm, 0)
    Checkpoints(Path(config.run), config.keep)
    for group in ("resumption", *groups):
        instantiate(config[group])
    random_state.seed(config.seed)
    optimizer(config, torch.nn.Linear(1, 1))


def settings(config: DictConfig) -> dict[str, Any]:
    """Give the whole configuration as plain values; what nobody set reads ???."""
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def settings_of_run(config: DictConfig, corpus: str) -> tuple[RunSettings, Checkpoints]:
    """Find what a run's folder holds of its training, and whether these settings go with it.

    Args:
        config: of a command that trains.
        corpus: name of the prepared text.

    Raises:
        ConfigurationError: if something differs that may not, or a model would be lost.
    """
    checkpoints = Checkpoints(Path(config.run) / TRAINING.parent, config.keep)
    told = {**settings(config), CORPUS: corpus}
    if collectives.world_size() > 1:
        told[PROCESSES] = collectives.world_size()
    return resolve_settings(
        config.run, told, checkpoints, instantiate(config.resumption)
    ), checkpoints


def started_with(config: DictConfig) -> int | None:
    """Give how many processes have trained a run; None if none has yet."""
    return processes(config.run, Checkpoints(Path(config.run) / TRAINING.parent, config.keep))


def bounds(config: DictConfig) -> StoppingCriteria:
    """Give where the training ends."""
    return StoppingCriteria(config.epochs, config.updates, config.minutes)


def pace(config: DictConfig) -> Intervals:
    """Give how often it does what."""
    return Intervals(
        accumulate=config.accumulate,
        report_every=config.report_every,
        validate_every=config.validate_every,
        save_seconds=config.save_seconds,
        patience=config.patience,
        max_consecutive_skips=config.max_consecutive_skips,
    )


def optimizer(config: DictConfig, network: torch.nn.Module) -> torch.optim.Optimizer:
    """Make the optimizer of a network's weights.

    Raises:
        ConfigurationError: if it refuses its values.
    """
    make = eager(instantiate(config.optimizer))
    try:
        return make(parameter_groups(network))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"optimizer: {' '.join(str(error).split())}") from error


@contextmanager
def writing(run: str) -> Iterator[None]:
    """Keep other processes from a run's folder, in the first of those that train together.

    Raises:
        LockedError: if another process writes it.
    """
    if collectives.rank():
        yield
        return
    try:
        with locks.locked(Path(run) / TRAINING.parent):
            yield
    except locks.LockedError as error:
        raise locks.LockedError(f"{error}; wait for its end, or begin another run=NAME") from error


def intact(run: str) -> bool:
    """Say whether the weights in a run's folder are what was written, and all else is there."""
    folder = Path(run)
    stored = checksums.read(folder) if (folder / checksums.NAME).is_file() else {}
    there = all((folder / name).is_file() for name in {WEIGHTS, *stored} - {SCORES})
    # What else was altered, the user may have altered; the weights are worth keeping.
    return there and not checksums.altered(folder, {WEIGHTS: stored[WEIGHTS]} if stored else {})


def complete(trainer: Trainer, command: str, agreement: RunSettings) -> bool:
    """Train to the end, and say whether there was anything to do; a signal ends the process.

    Args:
        trainer: goes on from wherever its state stands.
        command: name of the module, for the message that says how to go on.
        agreement: the settings, which are written once the state fits them.

    Raises:
        NmtError: what the trainer raises, and if no validation found a model.
    """
    trainer.resume(agreement.forks, partial(intact, agreement.run))
    if not collectives.rank():
        agreement.write()
    try:
        trainer.train()
    except Interrupted as interrupted:
        again = shlex.join(["python", "-m", f"nmt.{command}", *sys.argv[1:]])
        logger.info("interrupted; everything is saved, the same command goes on: %s", again)
        sys.exit(interrupted.status)
    if trainer.state.best == -math.inf:
        raise NmtError(
            "no validation gave a finite score, so there is no model; begin another run with a"
            " smaller schedule.peak_rate or clip_norm, or with precision=float32"
        )
    return trainer.trained
