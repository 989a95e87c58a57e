"""The contract of a journal: where a training's numbers go, for persons and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class UpdateRecord:
    """Means over the updates since the record before; losses are in nats a target piece.

    Attributes:
        update: the newest update, counted from 1.
        epoch: the pass over the data it belongs to, counted from 1.
        progress: the share of the training that is done, 0 to 1.
        loss: what is minimised.
        perplexity: e to the negative log-likelihood of a reference piece.
        gradient_norm: before clipping.
        clipped: the share of the updates whose gradient was clipped.
        skipped: updates skipped since the training began, their loss or gradient not being finite,
            or a line not fitting into memory.
        learning_rate: that of the newest update.
        source_pieces, target_pieces: taken in since the training began.
        source_pieces_per_second, target_pieces_per_second: END included and padding not;
            validations do not count as time.
        seconds: since the training began, over all its resumptions.
        seconds_left: until the bound, if the speed stays.
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
    """A line of the validation set, what it should become and what it became."""

    source: str
    target: str
    output: str


@dataclass(frozen=True)
class ValidationRecord:
    """What a validation found.

    Attributes:
        kind: `validation`, or `average` for that of the averaged weights at the end.
        update: the update after which it was made.
        epoch: the pass over the data that this update belongs to, counted from 1.
        values: by name, such as `loss` (nats a piece), `perplexity` and `bleu`.
        score: that of `values` by which the best is chosen; higher is better.
        best: whether no validation before was as good.
        seconds: since the training began, over all its resumptions.
        validation_seconds: that this validation took.
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
    """Takes in records; writes nothing before `resume`."""

    def resume(self, update: int, validated: int) -> None:
        """Begin after this update (0: anew); what was written of later ones is to be forgotten.

        So are validations after `validated`: the state was saved before the newest was done.
        """
        ...

    def update(self, record: UpdateRecord) -> None:
        """Take in the numbers of the newest updates."""
        ...

    def validation(self, record: ValidationRecord) -> None:
        """Take in a validation."""
        ...

    def close(self) -> None:
        """The training ends or is interrupted."""
        ...
