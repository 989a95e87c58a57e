"""How long a training goes on, and how often it does what."""

from dataclasses import asdict, dataclass

from nmt import ranges
from nmt.errors import ConfigurationError
from nmt.progress import Progress


@dataclass(frozen=True)
class Bounds:
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
            ranges.above(name, value, 0)

    def shares(self, progress: Progress, pairs: int) -> dict[str, float]:
        """Give how much of each bound is used up, 1 being all; `pairs` is an epoch's size."""
        shares = {}
        if self.epochs is not None:
            passes = progress.epoch + min(1.0, progress.rows / max(1, pairs))
            shares[f"epochs={self.epochs:g}"] = passes / self.epochs
        if self.updates is not None:
            shares[f"updates={self.updates}"] = progress.update / self.updates
        if self.minutes is not None:
            shares[f"minutes={self.minutes:g}"] = progress.seconds / 60 / self.minutes
        return shares

    def share(self, progress: Progress, pairs: int) -> float:
        """Give the share of the training that is done, 0 to 1."""
        return min(1.0, max(self.shares(progress, pairs).values()))

    def reached(self, progress: Progress, pairs: int) -> str | None:
        """Name the bound that is reached; None while there is none."""
        reached = [name for name, share in self.shares(progress, pairs).items() if share >= 1]
        return f"{reached[0]} reached" if reached else None


@dataclass(frozen=True)
class Pace:
    """How often the loop does what, and what it bears.

    Attributes:
        accumulate: batches an update.
        report_every: updates between two records.
        validate_every: updates between two validations; None validates after each epoch.
        save_seconds: between two savings of the state; each validation is followed by one too.
        patience: validations without a new best after which training ends; None bears all.
        skips: updates in a row that may be skipped, their loss or gradient not being finite, or a
            line not fitting into memory.
    """

    accumulate: int
    report_every: int
    validate_every: int | None
    save_seconds: float
    patience: int | None
    skips: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        ranges.at_least("accumulate", self.accumulate, 1)
        ranges.at_least("report_every", self.report_every, 1)
        ranges.at_least("save_seconds", self.save_seconds, 0)
        ranges.at_least("skips", self.skips, 0)
        if self.validate_every is not None:
            ranges.at_least("validate_every", self.validate_every, 1)
        if self.patience is not None:
            ranges.at_least("patience", self.patience, 1)

    def validation_is_due(self, progress: Progress, reached: str | None) -> bool:
        """Say whether the newest weights are to be validated; where a bound is reached, always."""
        if progress.validated == progress.update:
            return False
        if reached:
            return True
        every = self.validate_every
        return progress.batches == 0 if every is None else progress.update % every == 0
