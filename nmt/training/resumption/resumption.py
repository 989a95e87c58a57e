"""The contract of resumption: whether a run may continue with other settings, and from what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

CORPUS = "corpus"
"""The key among a run's settings that names text and tokenizer by their checksum."""

PREPARATION = ("filter", "tokenizer", "vocabulary")
"""Settings that the name of the prepared corpus depends on, beside the text."""

AVERAGING = ("averaging",)
OPTIMIZER = ("optimizer",)
SCHEDULE = ("schedule",)
RANKING = (CORPUS, "criterion", "metric", "validation_search")
ORDER = (
    CORPUS,
    "accumulate",
    "batches",
    "noise",
    "processes",
    "text_batching",
    "seed",
    "segmentation",
    "side",
)


@dataclass(frozen=True)
class SettingChange:
    """A setting that differs from the one the run was started with.

    Attributes:
        key: dotted.
        before, after: values as on the command line.
    """

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class ForkRecord:
    """Where a run continued with other settings.

    Attributes:
        update: number of the update after which it did.
        keys: of the settings that changed, dotted.
    """

    update: int
    keys: list[str]

    def touches(self, groups: Iterable[str]) -> bool:
        """Return whether a setting at or below one of these keys changed."""
        return any(key.split(".")[0] in groups for key in self.keys)


@runtime_checkable
class Resumption(Protocol):
    """Called with the settings that differ from those the run was started with."""

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Return if the run may continue with these changes; raise if not.

        Raises:
            ConfigurationError: naming key, old and new value, and what to do.
        """
        ...


def adapted(checkpoint: dict[str, Any], forks: Sequence[ForkRecord]) -> dict[str, Any]:
    """Return a checkpoint without what the settings since then have made useless.

    What is missing starts anew: a moving average, an optimizer's moments, a schedule's scores, the
    score of the best model, the weights to average, the position within an epoch.

    Args:
        checkpoint: as the trainer saved it, with the number of forks before it; not changed.
        forks: all forks of the run; those after the state count.
    """
    state, updater = dict(checkpoint["state"]), dict(checkpoint["updater"])
    changed = {**checkpoint, "state": state, "updater": updater, "forks": len(forks)}
    for fork in forks[checkpoint["forks"] :]:
        if fork.touches(OPTIMIZER):
            updater.pop("optimizer", None)
        if fork.touches(AVERAGING):
            changed.pop("moving", None)
        if fork.touches((*SCHEDULE, *RANKING)):
            changed.pop("schedule", None)
        if fork.touches(ORDER) and state["batches"]:
            # The epoch starts over; no validation is due, as one would be at an epoch's end.
            state |= {"batches": 0, "rows": 0, "validated": state["update"]}
        if fork.touches(RANKING):
            validated = min(state["validated"], state["update"] - 1)
            state |= {"validated": validated, "finished": False, "stale": 0}
            state.pop("best", None)
            state.pop("lowest_loss", None)
            changed.pop("kept", None)
    return changed
