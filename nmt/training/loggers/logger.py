"""The contract of a logger, and the records that it receives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class UpdateRecord:
    """Means over the updates since the last record; losses in nats per target piece.

    Attributes:
        update: the newest update, counted from 1.
        epoch: the pass over the data that it belongs to, counted from 1.
        progress: share of the training that is done, 0 to 1.
        loss: the objective.
        perplexity: per reference piece.
        gradient_norm: before clipping.
        clipped: share of the updates whose gradient was clipped.
        skipped: skipped updates since the start of training.
        learning_rate: of the newest update.
        source_pieces, target_pieces: since the start, END included, padding not.
        source_pieces_per_second, target_pieces_per_second: validations not counted as time.
        seconds: training time so far, over all resumptions.
        seconds_left: estimate of the time until the end.
    """

    update: int
    epoch: int
    progress: float
    loss: float
    perplexity: float
    gradient_norm: float
    clipped: float
    skipped: int
    learning_rate: float
    source_pieces: int
    target_pieces: int
    source_pieces_per_second: float
    target_pieces_per_second: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class SampleTranslation:
    """A line of the validation set, its reference and its translation."""

    source: str
    target: str
    output: str


@dataclass(frozen=True)
class ValidationRecord:
    """The results of a validation.

    Attributes:
        kind: `validation`, or `average` for that of the averaged weights at the end.
        update: the update after which it was made.
        epoch: the pass over the data that this update belongs to, counted from 1.
        values: by name, such as `loss` (nats per piece), `perplexity` and `bleu`.
        score: by which the best model is chosen; higher is better.
        best: whether the score is higher than any before.
        seconds: training time so far, over all resumptions.
        validation_seconds: duration of this validation.
        samples: a few lines, the same at each validation.
    """

    kind: str
    update: int
    epoch: int
    values: dict[str, float]
    score: float
    best: bool
    seconds: float
    validation_seconds: float
    samples: Sequence[SampleTranslation]


@runtime_checkable
class Logger(Protocol):
    """Receives records; writes nothing before `resume` is called."""

    def resume(self, update: int, validated: int) -> None:
        """Start after this update, 0 for a new training, and discard the records of later ones.

        Validations after `validated` are discarded too: a state may have been saved between an
        update and its validation.
        """
        ...

    def log_update(self, record: UpdateRecord) -> None:
        """Log the means over the newest updates."""
        ...

    def log_validation(self, record: ValidationRecord) -> None:
        """Log a validation."""
        ...

    def close(self) -> None:
        """Release all resources: training has ended or was interrupted."""
        ...
