"""How far a training is: every number that its loop carries from update to update."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from nmt.data.batch import Batch
from nmt.evaluation.perplexity import perplexity
from nmt.training.loggers.logger import UpdateRecord


@dataclass(frozen=True)
class SkipReason:
    """Why an update moved no weight.

    Attributes:
        what: as a clause.
        advice: what to do if it does not stop, the state saved before being good.
    """

    what: str
    advice: str


@dataclass(frozen=True)
class UpdateResult:
    """What an update saw, summed over all its batches and processes.

    Attributes:
        loss, negative_log_likelihood: in nats.
        source_pieces, target_pieces: END included, padding not.
        rows: sentence pairs.
        gradient_norm: of the gradient a target piece, before clipping.
        clipped: whether that was too long.
        fault: why no weight moved; None where they did.
        suspects: the batches that the fault came from; none where there is none.
    """

    loss: float
    negative_log_likelihood: float
    source_pieces: int
    target_pieces: int
    rows: int
    gradient_norm: float
    clipped: bool
    fault: SkipReason | None
    suspects: Sequence[Batch]


@dataclass
class RunningMeans:
    """Sums over the updates since the last record; a part of the state, so that records after a
    resumption are those of a run that never stopped.

    Attributes:
        updates: how many, without the skipped ones.
        loss, negative_log_likelihood: in nats.
        source_pieces, target_pieces: END included, padding not.
        gradient_norm: sum of the norms before clipping.
        clipped: how many gradients were clipped.
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

    def count(self, outcome: UpdateResult) -> None:
        """Take in an update whose loss and gradient were finite."""
        self.updates += 1
        self.loss += outcome.loss
        self.negative_log_likelihood += outcome.negative_log_likelihood
        self.source_pieces += outcome.source_pieces
        self.target_pieces += outcome.target_pieces
        self.gradient_norm += outcome.gradient_norm
        self.clipped += int(outcome.clipped)


@dataclass
class TrainingState:
    """The loop's state, always that between two updates.

    Attributes:
        update: updates made, the skipped ones included.
        epoch: passes over the data that are complete.
        batches: batches taken in of the pass that is not.
        rows: sentence pairs in these batches.
        validated: the update of the newest validation.
        best: the best score of a validation.
        stale: validations since the best one.
        skipped: updates whose loss or gradient was not finite, or that memory did not hold.
        skipped_in_a_row: such updates since the last good one.
        source_pieces, target_pieces: taken in, END included, padding not.
        seconds: that all this took, over all resumptions.
        finished: whether the end of training was done too: last validation and averaging.
        window: sums for the next record.
    """

    update: int = 0
    epoch: int = 0
    batches: int = 0
    rows: int = 0
    validated: int = 0
    best: float = -math.inf
    stale: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    source_pieces: int = 0
    target_pieces: int = 0
    seconds: float = 0.0
    finished: bool = False
    window: RunningMeans = field(default_factory=RunningMeans)

    def state(self) -> dict[str, Any]:
        """Give plain values for `from_state`."""
        return asdict(self)

    @staticmethod
    def from_state(state: dict[str, Any]) -> "TrainingState":
        """Make the progress again that `state` was asked of."""
        return TrainingState(**{**state, "window": RunningMeans(**state["window"])})

    def count(self, outcome: UpdateResult, batches: int) -> None:
        """Take in an update made from so many batches."""
        self.update += 1
        self.batches += batches
        self.rows += outcome.rows
        self.source_pieces += outcome.source_pieces
        self.target_pieces += outcome.target_pieces
        if outcome.fault is None:
            self.skipped_in_a_row = 0
            self.window.count(outcome)
        else:
            self.skipped += 1
            self.skipped_in_a_row += 1

    def judge(self, score: float) -> bool:
        """Say whether the score is better than any before, and remember it if so."""
        better = score > self.best
        self.best = score if better else self.best
        return better

    def forget_best(self) -> None:
        """Let the next validation be the best, and let there be one even if training had ended."""
        self.best, self.finished = -math.inf, False
        self.validated = min(self.validated, self.update - 1)

    def record(self, share: float, rate: float, seconds_left: float) -> UpdateRecord:
        """Give the means over the window, and begin a new window."""
        window, self.window = self.window, RunningMeans()
        pieces = window.target_pieces or math.nan
        seconds = window.seconds or math.nan
        return UpdateRecord(
            update=self.update,
            epoch=self.current_epoch,
            progress=share,
            loss=window.loss / pieces,
            perplexity=perplexity(window.negative_log_likelihood / pieces),
            gradient_norm=window.gradient_norm / (window.updates or math.nan),
            clipped=window.clipped / (window.updates or math.nan),
            skipped=self.skipped,
            learning_rate=rate,
            source_pieces=self.source_pieces,
            target_pieces=self.target_pieces,
            source_pieces_per_second=window.source_pieces / seconds,
            target_pieces_per_second=window.target_pieces / seconds,
            seconds=self.seconds,
            seconds_left=seconds_left,
        )

    @property
    def current_epoch(self) -> int:
        """The pass that the newest update belongs to, counted from 1."""
        return self.epoch + (1 if self.batches or not self.epoch else 0)
