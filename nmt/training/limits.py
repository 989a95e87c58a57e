"""When a training ends, how often it does what, and the time that it has taken."""

import time
from dataclasses import asdict, dataclass

from nmt.runtime import checks
from nmt.runtime.errors import ConfigurationError
from nmt.training.distributed import collectives
from nmt.training.progress import TrainingState


@dataclass(frozen=True)
class StoppingCriteria:
    """Training ends at the first of these limits that is reached; None is no limit.

    Attributes:
        epochs: passes over the data.
        updates: steps of the optimizer.
        minutes: over all resumptions; where it decides, a run cannot be repeated bit for bit,
            because its end depends on the machine's speed.

    Raises:
        ConfigurationError: if there is no limit at all, or one is not above 0.
    """

    epochs: float | None
    updates: int | None
    minutes: float | None

    def __post_init__(self) -> None:
        """Validate the values."""
        limits = {name: value for name, value in asdict(self).items() if value is not None}
        if not limits:
            raise ConfigurationError(
                "epochs, updates and minutes are all null; expected at least one limit"
            )
        for name, value in limits.items():
            checks.above(name, value, 0)

    def shares(self, state: TrainingState, pairs: int) -> dict[str, float]:
        """Return the used share of each limit, 1 being all of it.

        Args:
            state: of the training.
            pairs: sentence pairs (or lines) of an epoch.
        """
        shares = {}
        if self.epochs is not None:
            passes = state.epoch + min(1.0, state.rows / max(1, pairs))
            shares[f"epochs={self.epochs:g}"] = passes / self.epochs
        if self.updates is not None:
            shares[f"updates={self.updates}"] = state.update / self.updates
        if self.minutes is not None:
            shares[f"minutes={self.minutes:g}"] = state.seconds / 60 / self.minutes
        return shares

    def share(self, state: TrainingState, pairs: int) -> float:
        """Return the share of the training that is done, 0 to 1."""
        return min(1.0, max(self.shares(state, pairs).values()))

    def reached(self, state: TrainingState, pairs: int) -> str | None:
        """Return which limit is reached; None while none is."""
        reached = [name for name, share in self.shares(state, pairs).items() if share >= 1]
        return f"{reached[0]} reached" if reached else None


@dataclass(frozen=True)
class Intervals:
    """How often the training loop logs, validates and saves, and what it tolerates.

    Attributes:
        accumulate: batches per update.
        report_every: updates between two log records.
        validate_every: updates between two validations; None validates after each epoch.
        save_seconds: between two checkpoints; each validation is followed by one too.
        patience: validations with neither a new best score nor a new lowest loss after which
            training ends; None never does.
        max_consecutive_skips: updates in a row that may be skipped because their loss or
            gradient is not finite, or a line does not fit into memory.

    Raises:
        ConfigurationError: if a value is out of range.
    """

    accumulate: int
    report_every: int
    validate_every: int | None
    save_seconds: float
    patience: int | None
    max_consecutive_skips: int

    def __post_init__(self) -> None:
        """Validate the values."""
        checks.integer("accumulate", self.accumulate, 1)
        checks.at_least("report_every", self.report_every, 1)
        checks.at_least("save_seconds", self.save_seconds, 0)
        checks.at_least("max_consecutive_skips", self.max_consecutive_skips, 0)
        if self.validate_every is not None:
            checks.at_least("validate_every", self.validate_every, 1)
        if self.patience is not None:
            checks.at_least("patience", self.patience, 1)

    def validation_is_due(self, state: TrainingState, reached: str | None) -> bool:
        """Return whether the newest weights are to be validated; always where a limit is reached.

        Args:
            state: of the training.
            reached: the limit that is reached, if one is.
        """
        if state.validated == state.update:
            return False
        if reached:
            return True
        every = self.validate_every
        return state.batches == 0 if every is None else state.update % every == 0


class Stopwatch:
    """Measures how long a training has taken, over all its resumptions.

    Of several processes all take the first one's time, so that they end at the same update.

    Attributes:
        now: seconds of the monotonic clock at the last tick.
    """

    def __init__(self) -> None:
        self.now = time.monotonic()
        self._started_at = (0.0, 0.0)

    def start(self, state: TrainingState, share: float) -> None:
        """Start from a training's state, of which `share` (0 to 1) is done."""
        self.now = collectives.broadcast_number(time.monotonic())
        self._started_at = (state.seconds, share)

    def tick(self, state: TrainingState) -> None:
        """Add the seconds since the last tick to those of the training."""
        before, self.now = self.now, collectives.broadcast_number(time.monotonic())
        state.seconds += self.now - before

    def seconds_left(self, state: TrainingState, share: float) -> float:
        """Estimate the seconds until the end from the speed since the start."""
        seconds, share_then = self._started_at
        speed = (share - share_then) / max(1e-9, state.seconds - seconds)
        return (1 - share) / max(1e-9, speed)
