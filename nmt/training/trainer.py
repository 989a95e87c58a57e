"""The training loop; it imports neither a model nor a metric, as the command supplies both."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from nmt.models.parameters import set_weights, weights
from nmt.runtime.signals import Interrupted
from nmt.training.accumulation import TrainingData, UpdateBatches, group_batches
from nmt.training.callbacks import Callbacks
from nmt.training.checkpoints import Checkpoints
from nmt.training.distributed import collectives, random_states
from nmt.training.limits import Stopwatch
from nmt.training.loggers.logger import ValidationRecord
from nmt.training.progress import TrainingState
from nmt.training.resumption.resumption import ForkRecord, adapted
from nmt.training.signals import StopSignals
from nmt.training.skipped_updates import report_skipped_update
from nmt.training.spec import TrainingSpec
from nmt.training.updater import Updater

logger = logging.getLogger(__name__)


class Trainer:
    """Runs a training from its newest state to its end.

    Between two updates the whole state is in `state`, the updater, the schedule, the kept weights
    and the global random generators. All of it is saved and restored here, so that an interrupted
    and resumed training equals an uninterrupted one, bit for bit, on the same machine with the
    same number of threads.

    Args:
        spec: all that decides the training beside its data.
        updater: makes the updates.
        data: yields the batches of each epoch.
        pairs: sentence pairs (or lines) of an epoch.
        callbacks: called between updates.
        checkpoints: where training states are saved.

    Attributes:
        state: how far the training is.
        trained: whether `train` had anything left to do.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        updater: Updater,
        data: TrainingData,
        pairs: int,
        callbacks: Callbacks,
        checkpoints: Checkpoints,
    ) -> None:
        self.spec = spec
        self.updater = updater
        self.data = data
        self.pairs = pairs
        self.callbacks = callbacks
        self.checkpoints = checkpoints
        self.state = TrainingState()
        self.trained = False
        self._moving = spec.averaging.start(updater.network)
        self._signals = StopSignals()
        self._stopwatch = Stopwatch()
        self._saved_at = self._stopwatch.now
        self._forks, self._rescored = 0, -1

    def train(self) -> TrainingState:
        """Train until there is a reason to end, then average; do nothing if that was done before.

        Call `resume` first where there may be a state to resume from.

        Raises:
            Interrupted: after SIGINT, SIGTERM or SIGHUP, once the state is saved.
            NmtError: if the data gives no batch, or too many updates in a row are skipped.
        """
        if self.state.finished and (reason := self._reason()):
            logger.info("this training is finished (%s); to continue, raise its limits", reason)
            return self.state
        self.state.finished, self.trained = False, True
        if self.state.update:
            logger.info("resuming after update %d", self.state.update)
        self._stopwatch.start(self.state, self._share())
        self.callbacks.logger.resume(self.state.update, self.state.validated)
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
            self.callbacks.logger.close()
        return self.state

    def _loop(self) -> str:
        """Make updates until there is a reason to end, and return it; validate the last weights."""
        following = group_batches(self.data, self.state, self.spec.intervals.accumulate)
        while True:
            self._stopwatch.tick(self.state)
            self._signals.check_between_updates()
            reached = self.spec.stopping.reached(self.state, self.pairs)
            if self.spec.intervals.validation_is_due(self.state, reached):
                self._validate()
            elif self._saving_is_due():
                self._save()
            if reason := self._reason():
                return reason
            self._update(next(following))

    def _update(self, group: UpdateBatches) -> None:
        state, intervals = self.state, self.spec.intervals
        started = time.monotonic()
        number = state.update + 1
        rate = self.spec.schedule.rate(number, self._share())
        result = self.updater.update(group.batches, number, rate, self._signals.check_within_update)
        state.add(result, len(group.batches))
        state.means.seconds += time.monotonic() - started
        if result.skip_reason is None:
            self._moving.update(self.updater.network)
        else:
            file = self.callbacks.save_skipped(state.update, rate, result)
            reason, most = result.skip_reason, intervals.max_consecutive_skips
            finite, saved = self.updater.is_finite(), self.checkpoints.update() is not None
            report_skipped_update(state, reason, most, finite, file, saved)
        if state.update % intervals.report_every == 0:
            self._stopwatch.tick(state)
            left = self._stopwatch.seconds_left(state, self._share())
            self.callbacks.logger.log_update(state.record(self._share(), rate, left))
        if group.last:
            state.epoch, state.batches, state.rows = state.epoch + 1, 0, 0

    def _saving_is_due(self) -> bool:
        # While updates are skipped, the state before them may be the last good one.
        waited = self._stopwatch.now - self._saved_at
        return waited >= self.spec.intervals.save_seconds and not self.state.skipped_in_a_row

    def _validate(self) -> None:
        """Validate the newest weights, update schedule and kept weights, and save."""
        state = self.state
        with self._moving.applied(self.updater.network):
            record = self._score("validation")
        state.validated = state.update
        if state.update != self._rescored:
            state.count_stale(record.best, record.values.get("loss", math.inf))
            self.spec.schedule.observe(record.score)
            self.callbacks.kept.add(self.updater.network, state.update, record.score)
        self._save()

    def _score(self, kind: str) -> ValidationRecord:
        """Validate the network, save it if it is the best, and return the record of that."""
        started = time.monotonic()
        with self._signals.immediately():
            validation = self.callbacks.validate()
        score = self.spec.criterion.score(validation.values)
        best = self.state.update_best(score)
        if best:
            self.callbacks.save_best(validation)
        self._stopwatch.tick(self.state)
        record = ValidationRecord(
            kind=kind,
            update=self.state.update,
            epoch=self.state.current_epoch,
            values=dict(validation.values),
            score=score,
            best=best,
            seconds=self.state.seconds,
            validation_seconds=time.monotonic() - started,
            samples=validation.samples,
        )
        self.callbacks.logger.log_validation(record)
        return record

    def _average(self) -> None:
        """Validate the mean of the kept weights; the network keeps its own weights."""
        kept = self.callbacks.kept
        kept.discard_damaged()
        mean = collectives.broadcast(kept.mean() if len(kept.checkpoints) > 1 else None)
        if mean is None:
            return
        network = self.updater.network
        before = weights(network)
        set_weights(network, mean)
        try:
            record = self._score("average")
        finally:
            set_weights(network, before)
        stays = f"the best checkpoint, {self.state.best:.4g}, stays"
        verdict = "it is the model" if record.best else stays
        number = len(kept.checkpoints)
        logger.info("the mean of %d checkpoints scores %.4g; %s", number, record.score, verdict)

    def _reason(self) -> str | None:
        """Return why the training ends now; None if it does not."""
        patience = self.spec.intervals.patience
        if patience is not None and self.state.stale >= patience:
            return f"no better score or lower loss in {self.state.stale} validations ({patience=})"
        return self.spec.stopping.reached(self.state, self.pairs)

    def _share(self) -> float:
        return self.spec.stopping.share(self.state, self.pairs)

    def _save(self) -> None:
        """Save the state, unless its weights are not finite: the state before is good then."""
        self._saved_at = self._stopwatch.now
        if not self.updater.is_finite():
            kept = "no state is" if self.checkpoints.update() is None else "the state before is"
            logger.warning(
                "update %d left weights that are not finite; %s saved", self.state.update, kept
            )
            return
        checkpoint = self._checkpoint()
        if not collectives.rank():
            self.checkpoints.save(self.state.update, checkpoint)
            self.callbacks.kept.prune(self.checkpoints.oldest())

    def _checkpoint(self) -> dict[str, Any]:
        return {
            "state": self.state.as_dict(),
            "updater": self.updater.state(),
            "moving": self._moving.state(),
            "schedule": self.spec.schedule.state(),
            "kept": self.callbacks.kept.state(),
            **random_states.capture(),
            "forks": self._forks,
        }

    def resume(self, forks: Sequence[ForkRecord], intact: Callable[[], bool]) -> None:
        """Load the newest intact state, if there is one.

        Args:
            forks: where the run continued with other settings.
            intact: returns whether the best model's files are intact; if they are not, the next
                validation saves a new one.

        Raises:
            ModelError: if no state is intact, or it does not fit the network.
        """
        self._forks = len(forks)
        saved = collectives.broadcast(None if collectives.rank() else self.checkpoints.newest())
        if saved is None:
            return
        # What the settings changed since then is missing from an adapted state, and starts anew.
        saved = adapted(saved, forks)
        checkpoint = {**self._checkpoint(), **saved}
        self.state = TrainingState.from_dict(checkpoint["state"])
        self.updater.restore(checkpoint["updater"])
        self._moving = self.spec.averaging.start(self.updater.network)
        if "moving" in saved:
            self._moving.restore(saved["moving"])
        self.spec.schedule.restore(checkpoint["schedule"])
        self.callbacks.kept.restore(checkpoint["kept"])
        random_states.restore(checkpoint)
        is_intact = collectives.broadcast(bool(collectives.rank()) or intact())
        if self.state.best > -math.inf and not is_intact:
            logger.warning("the best model is missing or damaged; the next validation saves one")
            self._rescored = self.state.validated
            self.state.discard_best()
