"""The folder of a run: locked, read once, and trained in to the end."""

import logging
import math
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inspection.data_config import TRAINING
from nmt.inspection.model_folder import SCORES, WEIGHTS
from nmt.runtime import atomic_files, checksums, locks
from nmt.runtime.errors import ConfigurationError, NmtError
from nmt.runtime.signals import Interrupted
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives
from nmt.training.resumption.resumption import CORPUS, ForkRecord, Resumption
from nmt.training.resumption.settings import (
    PROCESSES,
    RunSettings,
    StoredSettings,
    all_changes,
)
from nmt.training.skipped_updates import SKIPPED
from nmt.training.trainer import Trainer

KEPT = TRAINING.parent / "kept"
"""Below a run's folder: weights that are kept to be averaged."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFolder:
    """What a run's folder holds of its training, read once under the folder's lock.

    Attributes:
        path: of the folder.
        checkpoints: the training states.
        update: that of the newest state, intact or not; None if there is no state.
        has_model: whether a saved model's weights are there.
        stored: the settings that the training was started with; None if it was not.
    """

    path: Path
    checkpoints: Checkpoints
    update: int | None
    has_model: bool
    stored: StoredSettings | None

    @classmethod
    @contextmanager
    def open(cls, run: str, keep: int) -> Iterator["RunFolder"]:
        """Lock a run's folder, made if it is missing, and read what it holds.

        Args:
            run: the folder.
            keep: training states that stay on disk.

        Raises:
            LockedError: if another process trains in it.
            ModelError: if the settings that it was started with cannot be read.
            NmtError: if a folder below it is a link.
        """
        path = Path(run)
        try:
            with locks.locked(path / TRAINING.parent):
                for own in (KEPT, SKIPPED):
                    atomic_files.check_own(path / own)
                checkpoints = Checkpoints(path / TRAINING.parent, keep)
                update, has_model = checkpoints.update(), (path / WEIGHTS).exists()
                started = update is not None or (has_model and (path / TRAINING).exists())
                stored = StoredSettings.read(path / TRAINING) if started else None
                yield cls(path, checkpoints, update, has_model, stored)
        except locks.LockedError as error:
            message = f"{error}; wait for its end, or start another run=NAME"
            raise locks.LockedError(message) from error

    @property
    def processes(self) -> int | None:
        """How many processes have trained the run; None if none has."""
        if self.update is None or self.stored is None:
            return None
        return int(self.stored.values.get(PROCESSES, 1))

    def resolve(
        self,
        settings: Mapping[str, Any],
        corpus: str,
        tokenizers: Tokenizers,
        resumption: Resumption,
    ) -> RunSettings:
        """Compare settings with those that the run was started with, if it was.

        Args:
            settings: the whole configuration in plain values.
            corpus: name of the prepared corpus.
            tokenizers: that the model uses.
            resumption: decides on settings that differ.

        Raises:
            ConfigurationError: if something differs that may not, or a model would be lost.
        """
        current = {**settings, CORPUS: corpus}
        if collectives.world_size() > 1:
            current[PROCESSES] = collectives.world_size()
        path = self.path / TRAINING
        if self.stored is None:
            if self.has_model:
                raise ConfigurationError(
                    f"run={self.path} holds a model without its training, which would be lost;"
                    " start another run=NAME"
                )
            return RunSettings(path, current, [])
        stored, forks = self.stored.values, list(self.stored.forks)
        before, after = {PROCESSES: 1, **stored}, {PROCESSES: 1, **current}
        if differing := all_changes(before, after):
            resumption(str(self.path), differing)
            if any(change.key == CORPUS for change in differing):
                self._check_vocabulary(tokenizers)
            forks.append(ForkRecord(self.update or 0, [change.key for change in differing]))
        return RunSettings(path, current, forks)

    def _check_vocabulary(self, tokenizers: Tokenizers) -> None:
        """Check that other text has the vocabulary that the weights were trained with."""
        if not self.has_model:
            raise ConfigurationError(
                f"run={self.path} has saved no model yet, and with it no vocabulary to continue"
                " with other text; use its text again, or start another run=NAME"
            )
        saved = Tokenizers.load(self.path)
        if not (
            tokenizers.source.same_pieces(saved.source)
            and tokenizers.target.same_pieces(saved.target)
        ):
            raise ConfigurationError(
                f"run={self.path} was trained with another vocabulary than this text gives; add"
                f" vocabulary=existing vocabulary.run={shlex.quote(str(self.path))}"
            )

    def model_is_intact(self) -> bool:
        """Return whether the saved weights are as they were written, and no file is missing."""
        has_checksums = (self.path / checksums.NAME).is_file()
        stored = checksums.read(self.path) if has_checksums else {}
        names = {WEIGHTS, *stored} - {SCORES}
        if not all((self.path / name).is_file() for name in names):
            return False
        # The user may have edited other files; the weights are worth keeping.
        return not checksums.altered(self.path, {WEIGHTS: stored[WEIGHTS]} if stored else {})


def complete(
    trainer: Trainer, module: str, settings: RunSettings, folder: RunFolder | None
) -> bool:
    """Train to the end, and return whether anything was left to do; a signal ends the process.

    Args:
        trainer: continues from the newest state.
        module: that was called, such as nmt.train, for the message that says how to resume.
        settings: written into the run's folder once the state has been found to fit them.
        folder: of the run; None in all processes but the first.

    Raises:
        NmtError: what the trainer raises, and if no validation found a model.
    """
    trainer.resume(settings.forks, folder.model_is_intact if folder else lambda: True)
    if folder:
        settings.write()
    try:
        trainer.train()
    except Interrupted as interrupted:
        again = shlex.join(["python", "-m", module, *sys.argv[1:]])
        logger.info("interrupted; everything is saved, the same command resumes: %s", again)
        sys.exit(interrupted.status)
    if trainer.state.best == -math.inf:
        if not trainer.state.update:
            reached = trainer.spec.stopping.reached(trainer.state, trainer.pairs)
            raise NmtError(
                f"{reached} before the first update, so there is no model; expected a higher limit"
            )
        raise NmtError(
            "no validation gave a finite score, so there is no model; start another run with a"
            " smaller schedule.peak_rate or clip_norm, or with precision=float32"
        )
    return trainer.trained
