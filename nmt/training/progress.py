"""The state of the training loop between two updates, and the result of one update."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from nmt.data.batch import Batch
from nmt.evaluation.perplexity import perplexity
from nmt.training.loggers.logger import UpdateRecord


@dataclass(frozen=True)
class SkipReason:
    """Why an update was skipped.

    Attributes:
        cause: a clause for messages.
        remedy: what to do if further updates are skipped; the state saved before is good.
    """

    cause: str
    remedy: str


@dataclass(frozen=True)
class UpdateResult:
    """Sums over all batches and processes of an update.

    Attributes:
        loss, negative_log_likelihood: in nats.
        source_pieces, target_pieces: END included, padding not.
        rows: sentence pairs.
        gradient_norm: of the mean gradient per target piece, before clipping.
        clipped: whether the gradient was clipped.
        skip_reason: why the weights did not change; None if they did.
        offending_batches: the batches that caused the skip; empty without one.
    """

    loss: float
    negative_log_likelihood: float
    source_pieces: int
    target_pieces: int
    rows: int
    gradient_norm: float
    clipped: bool
    skip_reason: SkipReason | None
    offending_batches: Sequence[Batch]


@dataclass
class RunningMeans:
    """Sums over the updates since the last record, of which a record reports the means.

    They are part of the training state, so the records of a resumed run equal those of a run that
    was never interrupted.

    Attributes:
        updates: without the skipped ones.
        loss, negative_log_likelihood: in nats.
        source_pieces, target_pieces: END included, padding not.
        gradient_norm: sum of the norms before clipping.
        clipped: updates whose gradient was clipped.
        seconds: spent in updates.
    """

    updates: int = 0
    loss: float = 0.0
    negative_log_likelihood: float = 0.0
    source_pieces: int = 0
    target_pieces: int = 0
    gradient_norm: float = 0.0
    clipped: int = 0
    seconds: float = 0.0

    def add(self, result: UpdateResult) -> None:
        """Add an update that was not skipped."""
        self.updates += 1
        self.loss += result.loss
        self.negative_log_likelihood += result.negative_log_likelihood
        self.source_pieces += result.source_pieces
        self.target_pieces += result.target_pieces
        self.gradient_norm += result.gradient_norm
        self.clipped += int(result.clipped)


@dataclass
class TrainingState:
    """The numbers that the training loop carries from update to update.

    Attributes:
        update: updates so far, the skipped ones included.
        epoch: complete passes over the data.
        batches: batches used in the current pass.
        rows: sentence pairs in these batches.
        validated: the update of the newest validation.
        best: the highest score of a validation.
        lowest_loss: of a validation, in nats per target piece.
        stale: validations since the last with a better score or a lower loss than all before.
        skipped: updates whose loss or gradient was not finite, or that did not fit into memory.
        skipped_in_a_row: skipped updates since the last good one.
        source_pieces, target_pieces: used so far, END included, padding not.
        seconds: training time so far, over all resumptions.
        finished: whether training has ended, the last validation and averaging included.
        means: sums for the next record.
    """

    update: int = 0
    epoch: int = 0
    batches: int = 0
    rows: int = 0
    validated: int = 0
    best: float = -math.inf
    lowest_loss: float = math.inf
    stale: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    source_pieces: int = 0
    target_pieces: int = 0
    seconds: float = 0.0
    finished: bool = False
    means: RunningMeans = field(default_factory=RunningMeans)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for `from_dict`."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "TrainingState":
        """Build the state that `as_dict` was called on."""
        return TrainingState(**{**values, "means": RunningMeans(**values["means"])})

    def add(self, result: UpdateResult, batches: int) -> None:
        """Count an update of this many batches."""
        self.update += 1
        self.batches += batches
        self.rows += result.rows
        self.source_pieces += result.source_pieces
        self.target_pieces += result.target_pieces
        if result.skip_reason is None:
            self.skipped_in_a_row = 0
            self.means.add(result)
        else:
            self.skipped += 1
            self.skipped_in_a_row += 1

    def update_best(self, score: float) -> bool:
        """Return whether the score is higher than any before; if so, it is the new best."""
        better = score > self.best
        self.best = score if better else self.best
        return better

    def count_stale(self, best: bool, loss: float) -> None:
        """Count a validation without progress: neither the best score nor the lowest loss.

        Scores such as BLEU vary by chance and stay near 0 for long while the loss falls steadily.
        """
        progress = best or loss < self.lowest_loss
        self.lowest_loss = min(self.lowest_loss, loss)
        self.stale = 0 if progress else self.stale + 1

    def discard_best(self) -> None:
        """Make another validation due, whose score will be the best, even if training had ended."""
        self.best, self.finished = -math.inf, False
        self.validated = min(self.validated, self.update - 1)

    def record(self, share: float, rate: float, seconds_left: float) -> UpdateRecord:
        """Return the means over the updates since the last record, and start new ones.

        Args:
            share: of the training that is done, 0 to 1.
            rate: learning rate of the newest update.
            seconds_left: estimate of the time until the end.
        """
        means, self.means = self.means, RunningMeans()
        pieces = means.target_pieces or math.nan
        seconds = means.seconds or math.nan
        return UpdateRecord(
            update=self.update,
            epoch=self.current_epoch,
            progress=share,
            loss=means.loss / pieces,
            perplexity=perplexity(means.negative_log_likelihood / pieces),
            gradient_norm=means.gradient_norm / (means.updates or math.nan),
            clipped=means.clipped / (means.updates or math.nan),
            skipped=self.skipped,
            learning_rate=rate,
            source_pieces=self.source_pieces,
            target_pieces=self.target_pieces,
            source_pieces_per_second=means.source_pieces / seconds,
            target_pieces_per_second=means.target_pieces / seconds,
            seconds=self.seconds,
            seconds_left=seconds_left,
        )

    @property
    def current_epoch(self) -> int:
        """The pass that the newest update belongs to, counted from 1."""
        return self.epoch + (1 if self.batches or not self.epoch else 0)
