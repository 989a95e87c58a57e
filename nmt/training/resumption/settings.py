"""The settings that a run trains with, and which of them may change when it is resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from nmt.inspection import config_values
from nmt.inspection.data_config import MAX_BYTES
from nmt.runtime import atomic_files
from nmt.runtime.errors import ModelError
from nmt.training.resumption.resumption import CORPUS, PREPARATION, ForkRecord, SettingChange

FORKS = "forks"
"""The key that lists after which updates the run continued with other settings, and with which."""

PROCESSES = "processes"
"""The key for the number of processes that train; where it is absent, one does."""

MAY_CHANGE = (
    "data",
    "device",
    "epochs",
    "initial",
    "logger",
    "keep",
    "minutes",
    "patience",
    "preparation_workers",
    "prepared",
    "resumption",
    "run",
    "samples",
    "save_seconds",
    "schedule.peak_rate",
    "search",
    "threads",
    "updates",
    "vocabulary.run",
    "windows",
    "workers",
)
"""Settings that may differ in a resumed run; the text is compared by checksum (`run.RunFolder`).

Other settings need `resumption=fork`; `resumption.adapted` states what starts anew then.
"""


@dataclass(frozen=True)
class RunSettings:
    """Settings with which a run trains from now on; `write` binds it to them.

    Attributes:
        path: file of the run's settings.
        values: all of them, CORPUS included, as plain values.
        forks: where the run continued with other settings, oldest first.
    """

    path: Path
    values: Mapping[str, Any]
    forks: list[ForkRecord]

    def write(self) -> None:
        """Write the settings into the run's folder.

        Raises:
            NmtError: if the file cannot be written, or could not be read again.
        """
        forks = {FORKS: [asdict(fork) for fork in self.forks]} if self.forks else {}
        text = yaml.safe_dump({**self.values, **forks}, sort_keys=False, allow_unicode=True)
        config_values.parse(text.encode(), str(self.path))
        atomic_files.write(self.path, text.encode())


@dataclass(frozen=True)
class StoredSettings:
    """Settings that a run last trained with, as `RunSettings.write` wrote them.

    Attributes:
        values: as nested dictionaries, CORPUS among the keys.
        forks: where the run continued with other settings, oldest first.
    """

    values: Mapping[str, Any]
    forks: list[ForkRecord]

    @classmethod
    def read(cls, path: Path) -> "StoredSettings":
        """Read a run's settings.

        Raises:
            ModelError: if the file cannot be read, or is damaged.
        """
        values = config_values.read(path, MAX_BYTES)
        forks = values.pop(FORKS, [])
        holds = isinstance(forks, list) and all(map(_is_fork, forks))
        processes = values.get(PROCESSES, 1)
        if not (holds and type(values.get(CORPUS)) is str and type(processes) is int):
            raise ModelError(f"{path} is damaged; start another run=NAME")
        return cls(values, [ForkRecord(fork["update"], fork["keys"]) for fork in forks])


def _is_fork(value: Any) -> bool:
    """Return whether a value is a record of a fork, as plain values."""
    return (
        isinstance(value, dict)
        and value.keys() == {"update", "keys"}
        and type(value["update"]) is int
        and isinstance(value["keys"], list)
        and all(isinstance(key, str) for key in value["keys"])
    )


def changes(
    stored: Mapping[str, Any], current: Mapping[str, Any], may_change: Sequence[str]
) -> list[SettingChange]:
    """Compare the settings that a run was started with and those that it is to continue with.

    Args:
        stored, current: settings as nested dictionaries.
        may_change: dotted keys that may differ; each stands for all keys below it too.

    Returns:
        what differs and may not.
    """
    old, new = _flat(stored, ""), _flat(current, "")
    differing = []
    # A key that was typed has fewer dots than those interpolated from it, so it is named first.
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key.count("."), key)):
        if any(key == free or key.startswith(free + ".") for free in may_change):
            continue
        before, after = (_value(values, key) for values in (old, new))
        if before != after:
            differing.append(SettingChange(key, before, after))
    return differing


def all_changes(stored: Mapping[str, Any], current: Mapping[str, Any]) -> list[SettingChange]:
    """Compare settings, and the text after what it was prepared with: the cause is named first.

    Args:
        stored, current: settings as nested dictionaries, with CORPUS and PROCESSES.
    """
    differing = changes(stored, current, (*MAY_CHANGE, CORPUS))
    if stored[CORPUS] == current[CORPUS]:
        return differing
    text = SettingChange(CORPUS, stored[CORPUS], current[CORPUS])
    prepared = any(change.key.split(".")[0] in PREPARATION for change in differing)
    return [*differing, text] if prepared else [text, *differing]


def _flat(settings: Any, prefix: str) -> dict[str, Any]:
    if not isinstance(settings, dict) or not settings:
        return {prefix: settings}
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}.{key}" if prefix else str(key))
    return flat


def _value(settings: dict[str, Any], key: str) -> str:
    if key not in settings:
        return "(absent)"
    return "null" if settings[key] is None else str(settings[key])
