"""What a run was told when it began, and what may be otherwise when it goes on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from nmt.evaluation.test_sets import TRAINING
from nmt.inspection.config_values import UNREADABLE
from nmt.models.saved.translation_model import WEIGHTS
from nmt.runtime import atomic_files
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.training.checkpoints import Checkpoints
from nmt.training.resumption.resumption import ForkRecord, Resumption, SettingChange

CORPUS = "corpus"
"""The key among a run's settings that names text and tokenizer by their sum."""

FORKS = "forks"
"""The key that says after which updates the run went on with other settings, and with which."""

PROCESSES = "processes"
"""The key that says how many processes train; where it is absent, one does."""

MAY_CHANGE = (
    "data",
    "device",
    "epochs",
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
"""What a resumed run may have otherwise than before; the text itself is known by its sum."""


@dataclass(frozen=True)
class RunSettings:
    """Settings that a run may go on with; `write` is what binds it to them.

    Attributes:
        run: the folder.
        settings: all of them, CORPUS included, in plain values.
        forks: where the run went on with other settings, oldest first.
    """

    run: str
    settings: dict[str, Any]
    forks: list[ForkRecord]

    def write(self) -> None:
        """Put the settings into the run's folder.

        Raises:
            NmtError: if it cannot be written.
        """
        forks = {FORKS: [asdict(fork) for fork in self.forks]} if self.forks else {}
        text = yaml.safe_dump({**self.settings, **forks}, sort_keys=False, allow_unicode=True)
        atomic_files.write(Path(self.run) / TRAINING, text.encode())


def resolve_settings(
    run: str, settings: dict[str, Any], checkpoints: Checkpoints, resumption: Resumption
) -> RunSettings:
    """Compare a training's settings with those that the run began with, if it did.

    Args:
        run: the folder.
        settings: all of them, CORPUS included, in plain values.
        checkpoints: where its training stands.
        resumption: decides on settings that differ.

    Raises:
        ConfigurationError: if something differs that may not, or a model would be lost.
        ModelError: if the settings that are there cannot be read.
    """
    path = Path(run) / TRAINING
    update = checkpoints.update()
    has_model = (Path(run) / WEIGHTS).exists()
    if update is None and not (has_model and path.exists()):
        if has_model:
            raise ConfigurationError(
                f"run={run} holds a model without its training, which would be lost; "
                "begin another run=NAME"
            )
        return RunSettings(run, settings, [])
    stored, forks = _stored(path)
    if stored[CORPUS] != settings[CORPUS]:
        raise ConfigurationError(
            f"run={run} was begun with other text than is there now ({stored[CORPUS]}, now "
            f"{settings[CORPUS]}); begin another run=NAME"
        )
    if found := changes(
        {PROCESSES: 1, **stored}, {PROCESSES: 1, **settings}, (*MAY_CHANGE, CORPUS)
    ):
        resumption(run, found)
        forks.append(ForkRecord(update or 0, [change.key for change in found]))
    return RunSettings(run, settings, forks)


def processes(run: str, checkpoints: Checkpoints) -> int | None:
    """Give how many processes have trained a run; None if none has yet.

    Raises:
        ModelError: if the settings that are there cannot be read.
    """
    path = Path(run) / TRAINING
    if checkpoints.update() is None or not path.exists():
        return None
    stored, _ = _stored(path)
    return int(stored.get(PROCESSES, 1))


def changes(
    stored: dict[str, Any], now: dict[str, Any], may_change: Sequence[str]
) -> list[SettingChange]:
    """Compare the settings that a run began with and those that it shall go on with.

    Args:
        stored: settings as nested dictionaries.
        now: settings in the same form.
        may_change: dotted keys that may differ; each stands for all that lies below it too.

    Returns:
        what differs and may not.
    """
    old, new = _flat(stored, ""), _flat(now, "")
    found = []
    # What was typed stands higher than what is interpolated from it, so it is named first.
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key.count("."), key)):
        if any(key == free or key.startswith(free + ".") for free in may_change):
            continue
        before, after = (_value(values, key) for values in (old, new))
        if before != after:
            found.append(SettingChange(key, before, after))
    return found


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


def _stored(path: Path) -> tuple[dict[str, Any], list[ForkRecord]]:
    """Read what `Agreement.write` wrote: the settings, and the forks apart."""
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, *UNREADABLE) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    try:
        forks = [ForkRecord(int(one["update"]), list(one["keys"])) for one in stored.pop(FORKS, [])]
        str(stored[CORPUS])
        return stored, forks
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is damaged; begin another run=NAME") from error
