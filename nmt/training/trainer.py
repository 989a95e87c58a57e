"""The training loop; it knows neither a model nor BLEU, the command hands both in."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from nmt.models.parameters import set_weights, weights
from nmt.runtime.signals import Interrupted
from nmt.training import skips
from nmt.training.accumulation import TrainingData, UpdateBatches, groups
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives, random_states
from nmt.training.limits import Intervals, StoppingCriteria
from nmt.training.loggers.logger import ValidationRecord
from nmt.training.progress import TrainingState
from nmt.training.resumption.resumption import ForkRecord, adapted
from nmt.training.schedules.schedule import Schedule
from nmt.training.signals import Stopping
from nmt.training.stopwatch import Stopwatch
from nmt.training.updater import Updater

logger = logging.getLogger(__name__)


class Trainer:
    """Runs a training from wherever its state stands to its end.

    Between two updates the whole state is in `progress`, the updater, the schedule, the kept
    weights and the global random generators. All of it is saved and restored here, so that an
    interrupted and resumed training equals an uninterrupted one, bit for bit, on the same machine
    with the same number of threads.

    Attributes:
        progress: how far it is.
        trained: whether `train` had anything to do.
    """

    def __init__(
        self,
        updater: Updater,
        schedule: Schedule,
        data: TrainingData,
        pairs: int,
        bounds: StoppingCriteria,
        pace: Intervals,
        watchers: Callbacks,
        checkpoints: Checkpoints,
    ) -> None:
        """Take the parts; `pairs` is the size of an epoch."""
        self.updater = updater
        self.schedule = schedule
        self.data = data
        self.pairs = pairs
        self.bounds = bounds
        self.pace = pace
        self.watchers = watchers
        self.checkpoints = checkpoints
        self.progress = TrainingState()
        self.trained = False
        self._stopping = Stopping()
        self._clock = Stopwatch()
        self._saved = self._clock.now
        self._forks, self._judged = 0, -1

    def train(self) -> TrainingState:
        """Train until there is a reason to end, then average; nothing if that was done before.

        `resume` comes first, where there may be something to go on from.

        Raises:
            Interrupted: after SIGINT or SIGTERM, when all is saved.
            NmtError: if the data gives no batch, or too many updates in a row are not finite.
        """
        if self.progress.finished and (reason := self._reason()):
            logger.info("this training is finished (%s); to go on, raise its bounds", reason)
            return self.progress
        self.progress.finished, self.trained = False, True
        if self.progress.update:
            logger.info("resuming after update %d", self.progress.update)
        self._clock.start(self.progress, self._share())
        self.watchers.journal.resume(self.progress.update, self.progress.validated)
        try:
            with self._stopping:
                logger.info("training ends: %s", self._loop())
                self._average()
                self.progress.finished = True
                self._save()
        except Interrupted:
            self._save()
            raise
        finally:
            self.watchers.journal.close()
        return self.progress

    def _loop(self) -> str:
        """Make updates until there is a reason to end; the last weights are validated too."""
        following = groups(self.data, self.progress, self.pace.accumulate)
        while True:
            self._clock.tick(self.progress)
            self._stopping.between_updates()
            reached = self.bounds.reached(self.progress, self.pairs)
            if self.pace.validation_is_due(self.progress, reached):
                self._validate()
            elif self._saving_is_due():
                self._save()
            if reason := self._reason():
                return reason
            self._update(next(following))

    def _update(self, group: UpdateBatches) -> None:
        progress = self.progress
        began = time.monotonic()
        number = progress.update + 1
        rate = self.schedule.rate(number, self._share())
        outcome = self.updater.update(group.batches, number, rate, self._stopping.within_update)
        progress.count(outcome, len(group.batches))
        progress.window.seconds += time.monotonic() - began
        if outcome.fault is not None:
            file = self.watchers.keep_skipped(progress.update, rate, outcome)
            healthy, most = self.updater.healthy(), self.pace.max_consecutive_skips
            skips.warn_of_skipped_update(progress, outcome.fault, most, healthy, file)
        if progress.update % self.pace.report_every == 0:
            self._clock.tick(self.progress)
            left = self._clock.seconds_left(progress, self._share())
            record = progress.record(self._share(), rate, left)
            self.watchers.journal.update(record)
        if group.last:
            progress.epoch, progress.batches, progress.rows = progress.epoch + 1, 0, 0

    def _saving_is_due(self) -> bool:
        # While updates are skipped, the last state before may be the last good one.
        waited = self._clock.now - self._saved
        return waited >= self.pace.save_seconds and not self.progress.skipped_in_a_row

    def _validate(self) -> None:
        """Validate the newest weights, draw the conclusions and save."""
        progress = self.progress
        score, best = self._look("validation")
        progress.validated = progress.update
        if progress.update != self._judged:
            progress.stale = 0 if best else progress.stale + 1
            self.schedule.observe(score)
            self.watchers.kept.add(self.updater.network, progress.update, score)
        self._save()

    def _look(self, kind: str) -> tuple[float, bool]:
        """Validate the network as it is and keep it if it is the best; give score and whether."""
        began = time.monotonic()
        with self._stopping.at_once():
            validation = self.watchers.validate()
        score = self.watchers.criterion.score(validation.values)
        best = self.progress.judge(score)
        if best:
            self.watchers.keep_best(validation)
        self._clock.tick(self.progress)
        record = ValidationRecord(
            kind=kind,
            update=self.progress.update,
            epoch=self.progress.current_epoch,
            values=dict(validation.values),
            score=score,
            best=best,
            seconds=self.progress.seconds,
            validation_seconds=time.monotonic() - began,
            samples=validation.samples,
        )
        self.watchers.journal.validation(record)
        return score, best

    def _average(self) -> None:
        """Try the mean of the kept weights; the training's own weights are as before after it."""
        kept = self.watchers.kept
        kept.drop_damaged()
        mean = collectives.value_of_first(kept.mean() if len(kept.kept) > 1 else None)
        if mean is None:
            return
        network = self.updater.network
        before = weights(network)
        set_weights(network, mean)
        try:
            score, best = self._look("average")
        finally:
            set_weights(network, before)
        logger.info(
            "the mean of %d checkpoints scores %.4g; %s",
            len(kept.kept),
            score,
            "it is the model" if best else f"the best single one, {self.progress.best:.4g}, stays",
        )

    def _reason(self) -> str | None:
        """Say why the training ends now, if it does."""
        patience = self.pace.patience
        if patience is not None and self.progress.stale >= patience:
            return f"no better validation {self.progress.stale} times in a row ({patience=})"
        return self.bounds.reached(self.progress, self.pairs)

    def _share(self) -> float:
        return self.bounds.share(self.progress, self.pairs)

    def _save(self) -> None:
        """Save the state, unless its weights are no numbers: the one before is good then."""
        self._saved = self._clock.now
        if not self.updater.healthy():
            logger.warning(
                "update %d left weights that are not finite; the state saved before is kept",
                self.progress.update,
            )
            return
        state = self._state()
        if not collectives.rank():
            self.checkpoints.save(self.progress.update, state)
            self.watchers.kept.prune(self.checkpoints.oldest())

    def _state(self) -> dict[str, Any]:
        return {
            "progress": self.progress.state(),
            "updater": self.updater.state(),
            "schedule": self.schedule.state(),
            "kept": self.watchers.kept.state(),
            **random_states.random_states(),
            "forks": self._forks,
        }

    def resume(self, forks: Sequence[ForkRecord], intact: Callable[[], bool]) -> None:
        """Take up the newest state that is intact, if there is one.

        Args:
            forks: where the run went on with other settings.
            intact: says whether the best model that was saved is; if not, the next validation
                makes a new one.

        Raises:
            ModelError: if no state is intact, or it does not fit the network.
        """
        self._forks = len(forks)
        saved = collectives.value_of_first(
            None if collectives.rank() else self.checkpoints.newest()
        )
        if saved is None:
            return
        # What a state lacks, be it older or adapted, begins afresh.
        state = {**self._state(), **adapted(saved, forks)}
        self.progress = TrainingState.from_state(state["progress"])
        self.updater.restore(state["updater"])
        self.schedule.restore(state["schedule"])
        self.watchers.kept.restore(state["kept"])
        random_states.restore_random_states(state)
        there = collectives.value_of_first(bool(collectives.rank()) or intact())
        if self.progress.best > -math.inf and not there:
            logger.warning("the best model is missing or damaged; the next validation makes one")
            self._judged = self.progress.validated
            self.progress.forget_best()
