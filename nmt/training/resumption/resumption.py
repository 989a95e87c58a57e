"""The contract of resumption: whether a run may go on with other settings, and from what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

OPTIMIZER = ("optimizer",)
SCHEDULE = ("schedule",)
JUDGEMENT = ("criterion", "metric", "validation_search")
ORDER = ("accumulate", "batches", "processes", "text_batching", "seed", "segmentation", "side")


@dataclass(frozen=True)
class SettingChange:
    """A setting that is another than before.

    Attributes:
        key: dotted.
        before, after: values as they are typed.
    """

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class ForkRecord:
    """Where a run went on with other settings.

    Attributes:
        update: after which.
        keys: of the settings that changed, dotted.
    """

    update: int
    keys: list[str]

    def touches(self, groups: Iterable[str]) -> bool:
        """Say whether something changed at or below one of these keys."""
        return any(key.split(".")[0] in groups for key in self.keys)


@runtime_checkable
class Resumption(Protocol):
    """Called where settings differ that must not for an exact resumption."""

    def __call__(self, run: str, changes: Sequence[SettingChange]) -> None:
        """Let the run go on with these changes, or refuse them.

        Raises:
            ConfigurationError: naming key, old and new value, and the ways out.
        """
        ...


def adapted(checkpoint: dict[str, Any], forks: Sequence[ForkRecord]) -> dict[str, Any]:
    """Leave out of a training state what the settings since then have no use for.

    What a state lacks, the training begins afresh: an optimizer's memory of gradients, a
    schedule's of scores, the score of the best model, the weights to average, the place within
    an epoch.

    Args:
        checkpoint: as the trainer saved it, with the number of forks it has behind it; not changed.
        forks: all of them; those that came after the state count.
    """
    state, updater = dict(checkpoint["state"]), dict(checkpoint["updater"])
    changed = {**checkpoint, "state": state, "updater": updater, "forks": len(forks)}
    for fork in forks[checkpoint.get("forks", 0) :]:  # A state of format 1 has none behind it.
        if fork.touches(OPTIMIZER):
            updater.pop("optimizer", None)
        if fork.touches((*SCHEDULE, *JUDGEMENT)):
            changed.pop("schedule", None)
        if fork.touches(ORDER) and state["batches"]:
            # The epoch that begins again has not come to an end, which a validation would follow.
            state |= {"batches": 0, "rows": 0, "validated": state["update"]}
        if fork.touches(JUDGEMENT):
            validated = min(state["validated"], state["update"] - 1)
            state |= {"validated": validated, "finished": False, "stale": 0}
            state.pop("best", None)
            changed.pop("kept", None)
    return changed
