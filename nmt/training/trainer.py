"""The training loop; it knows neither a model nor BLEU, the command hands both in."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from nmt.models.parameters import set_weights, weights
from nmt.runtime.signals import Interrupted
from nmt.training.accumulation import TrainingData, UpdateBatches, groups
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives, random_states
from nmt.training.limits import Intervals, StoppingCriteria
from nmt.training.loggers.logger import ValidationRecord
from nmt.training.progress import TrainingState
from nmt.training.resumption.resumption import ForkRecord, adapted
from nmt.training.schedules.schedule import Schedule
from nmt.training.signals import StopSignals
from nmt.training.skipped_updates import report_skipped_update
from nmt.training.stopwatch import Stopwatch
from nmt.training.updater import Updater

logger = logging.getLogger(__name__)


class Trainer:
    """Runs a training from wherever its state stands to its end.

    Between two updates the whole state is in `state`, the updater, the schedule, the kept
    weights and the global random generators. All of it is saved and restored here, so that an
    interrupted and resumed training equals an uninterrupted one, bit for bit, on the same machine
    with the same number of threads.

    Attributes:
        state: the numbers that the loop carries from update to update.
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
        self.state = TrainingState()
        self.trained = False
        self._signals = StopSignals()
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
        if self.state.finished and (reason := self._reason()):
            logger.info("this training is finished (%s); to go on, raise its bounds", reason)
            return self.state
        self.state.finished, self.trained = False, True
        if self.state.update:
            logger.info("resuming after update %d", self.state.update)
        self._clock.start(self.state, self._share())
        self.watchers.journal.resume(self.state.update, self.state.validated)
        try:
            with self._signals:
                logger.info("training ends: %s", self._loop())
                self._average()
                self.state.finished = True
                self._save()
        except Interrupted:
            self._save()
            raise
        finally:
            self.watchers.journal.close()
        return self.state

    def _loop(self) -> str:
        """Make updates until there is a reason to end; the last weights are validated too."""
        following = groups(self.data, self.state, self.pace.accumulate)
        while True:
            self._clock.tick(self.state)
            self._signals.check_between_updates()
            reached = self.bounds.reached(self.state, self.pairs)
            if self.pace.validation_is_due(self.state, reached):
                self._validate()
            elif self._saving_is_due():
                self._save()
            if reason := self._reason():
                return reason
            self._update(next(following))

    def _update(self, group: UpdateBatches) -> None:
        state = self.state
        began = time.monotonic()
        number = state.update + 1
        rate = self.schedule.rate(number, self._share())
        result = self.updater.update(group.batches, number, rate, self._signals.check_within_update)
        state.add(result, len(group.batches))
        state.means.seconds += time.monotonic() - began
        if result.skip_reason is not None:
            file = self.watchers.keep_skipped(state.update, rate, result)
            reason, most = result.skip_reason, self.pace.max_consecutive_skips
            report_skipped_update(state, reason, most, self.updater.is_finite(), file)
        if state.update % self.pace.report_every == 0:
            self._clock.tick(self.state)
            left = self._clock.seconds_left(state, self._share())
            record = state.record(self._share(), rate, left)
            self.watchers.journal.update(record)
        if group.last:
            state.epoch, state.batches, state.rows = state.epoch + 1, 0, 0

    def _saving_is_due(self) -> bool:
        # While updates are skipped, the last state before may be the last good one.
        waited = self._clock.now - self._saved
        return waited >= self.pace.save_seconds and not self.state.skipped_in_a_row

    def _validate(self) -> None:
        """Validate the newest weights, draw the conclusions and save."""
        state = self.state
        score, best = self._look("validation")
        state.validated = state.update
        if state.update != self._judged:
            state.stale = 0 if best else state.stale + 1
            self.schedule.observe(score)
            self.watchers.kept.add(self.updater.network, state.update, score)
        self._save()

    def _look(self, kind: str) -> tuple[float, bool]:
        """Validate the network as it is and keep it if it is the best; give score and whether."""
        began = time.monotonic()
        with self._signals.immediately():
            validation = self.watchers.validate()
        score = self.watchers.criterion.score(validation.values)
        best = self.state.update_best(score)
        if best:
            self.watchers.keep_best(validation)
        self._clock.tick(self.state)
        record = ValidationRecord(
            kind=kind,
            update=self.state.update,
            epoch=self.state.current_epoch,
            values=dict(validation.values),
            score=score,
            best=best,
            seconds=self.state.seconds,
            validation_seconds=time.monotonic() - began,
            samples=validation.samples,
        )
        self.watchers.journal.validation(record)
        return score, best

    def _average(self) -> None:
        """Try the mean of the kept weights; the training's own weights are as before after it."""
        kept = self.watchers.kept
        kept.drop_damaged()
        mean = collectives.broadcast(kept.mean() if len(kept.kept) > 1 else None)
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
            "it is the model" if best else f"the best single one, {self.state.best:.4g}, stays",
        )

    def _reason(self) -> str | None:
        """Say why the training ends now, if it does."""
        patience = self.pace.patience
        if patience is not None and self.state.stale >= patience:
            return f"no better validation {self.state.stale} times in a row ({patience=})"
        return self.bounds.reached(self.state, self.pairs)

    def _share(self) -> float:
        return self.bounds.share(self.state, self.pairs)

    def _save(self) -> None:
        """Save the state, unless its weights are no numbers: the one before is good then."""
        self._saved = self._clock.now
        if not self.updater.is_finite():
            logger.warning(
                "update %d left weights that are not finite; the state saved before is kept",
                self.state.update,
            )
            return
        checkpoint = self._checkpoint()
        if not collectives.rank():
            self.checkpoints.save(self.state.update, checkpoint)
            self.watchers.kept.prune(self.checkpoints.oldest())

    def _checkpoint(self) -> dict[str, Any]:
        return {
            "state": self.state.as_dict(),
            "updater": self.updater.state(),
            "schedule": self.schedule.state(),
            "kept": self.watchers.kept.state(),
            **random_states.capture(),
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
        saved = collectives.broadcast(None if collectives.rank() else self.checkpoints.newest())
        if saved is None:
            return
        # What a state lacks, be it older or adapted, begins afresh.
        checkpoint = {**self._checkpoint(), **adapted(saved, forks)}
        self.state = TrainingState.from_dict(checkpoint["state"])
        self.updater.restore(checkpoint["updater"])
        self.schedule.restore(checkpoint["schedule"])
        self.watchers.kept.restore(checkpoint["kept"])
        random_states.restore(checkpoint)
        there = collectives.broadcast(bool(collectives.rank()) or intact())
        if self.state.best > -math.inf and not there:
            logger.warning("the best model is missing or damaged; the next validation makes one")
            self._judged = self.state.validated
            self.state.discard_best()
