"""How long a training goes on, and how often it does what."""

from dataclasses import asdict, dataclass

from nmt.runtime import checks
from nmt.runtime.errors import ConfigurationError
from nmt.training.progress import TrainingState


@dataclass(frozen=True)
class StoppingCriteria:
    """Where a training ends: at whichever is reached first; None is no bound.

    Attributes:
        epochs: passes over the data.
        updates: moves of the optimizer.
        minutes: over all resumptions; the end then depends on the machine's speed, so that such a
            run cannot be repeated bit for bit.

    Raises:
        ConfigurationError: if there is no bound at all, or one is not above 0.
    """

    epochs: float | None
    updates: int | None
    minutes: float | None

    def __post_init__(self) -> None:
        """Refuse a training without an end."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if not given:
            raise ConfigurationError(
                "epochs, updates and minutes are all null; expected at least one bound"
            )
        for name, value in given.items():
            checks.above(name, value, 0)

    def shares(self, state: TrainingState, pairs: int) -> dict[str, float]:
        """Give how much of each bound is used up, 1 being all; `pairs` is an epoch's size."""
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
        """Give the share of the training that is done, 0 to 1."""
        return min(1.0, max(self.shares(state, pairs).values()))

    def reached(self, state: TrainingState, pairs: int) -> str | None:
        """Name the bound that is reached; None while there is none."""
        reached = [name for name, share in self.shares(state, pairs).items() if share >= 1]
        return f"{reached[0]} reached" if reached else None


@dataclass(frozen=True)
class Intervals:
    """How often the loop does what, and what it bears.

    Attributes:
        accumulate: batches an update.
        report_every: updates between two records.
        validate_every: updates between two validations; None validates after each epoch.
        save_seconds: between two savings of the state; each validation is followed by one too.
        patience: validations without a new best after which training ends; None bears all.
        max_consecutive_skips: updates in a row that may be skipped because their loss or
            gradient is not finite, or a line does not fit into memory.
    """

    accumulate: int
    report_every: int
    validate_every: int | None
    save_seconds: float
    patience: int | None
    max_consecutive_skips: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        checks.at_least("accumulate", self.accumulate, 1)
        checks.at_least("report_every", self.report_every, 1)
        checks.at_least("save_seconds", self.save_seconds, 0)
        checks.at_least("max_consecutive_skips", self.max_consecutive_skips, 0)
        if self.validate_every is not None:
            checks.at_least("validate_every", self.validate_every, 1)
        if self.patience is not None:
            checks.at_least("patience", self.patience, 1)

    def validation_is_due(self, state: TrainingState, reached: str | None) -> bool:
        """Say whether the newest weights are to be validated; where a bound is reached, always."""
        if state.validated == state.update:
            return False
        if reached:
            return True
        every = self.validate_every
        return state.batches == 0 if every is None else state.update % every == 0
