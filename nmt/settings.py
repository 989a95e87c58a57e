"""What a run was told when it began, and what may be otherwise when it goes on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from nmt import atomic
from nmt.benchmark import TRAINING, UNREADABLE
from nmt.bundle import WEIGHTS
from nmt.errors import ConfigurationError, ModelError

STATE = Path("training", "state.pt")
"""Below a run's folder: where its training stands."""

CORPUS = "corpus"
"""The key among a run's settings that names text and tokenizer by their sum."""

MAY_CHANGE = (
    "data",
    "device",
    "epochs",
    "journal",
    "minutes",
    "patience",
    "prepared",
    "run",
    "samples",
    "save_seconds",
    "schedule.peak_rate",
    "search",
    "threads",
    "updates",
    "vocabulary.run",
    "windows",
)
"""What a resumed run may have otherwise than before; the text itself is known by its sum."""


def claim(run: str, settings: dict[str, Any]) -> None:
    """Write a training's settings into the run's folder; where it goes on, compare them first.

    Args:
        run: the folder.
        settings: all of them, CORPUS included, in plain values.

    Raises:
        ConfigurationError: if something differs that may not, or a model would be lost.
        ModelError: if the settings that are there cannot be read.
        NmtError: if the folder cannot be written.
    """
    path = Path(run) / TRAINING
    has_model = (Path(run) / WEIGHTS).exists()
    if (Path(run) / STATE).exists() or (has_model and path.exists()):
        stored = _stored(path)
        check_unchanged(stored, settings, (*MAY_CHANGE, CORPUS), run)
        if stored[CORPUS] != settings[CORPUS]:
            raise ConfigurationError(
                f"run={run} was begun with other text than is there now ({stored[CORPUS]}, now "
                f"{settings[CORPUS]}); begin another run=NAME"
            )
    elif has_model:
        raise ConfigurationError(
            f"run={run} holds a model without its training, which would be lost; "
            "begin another run=NAME"
        )
    atomic.write(path, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode())


def check_unchanged(
    stored: dict[str, Any], now: dict[str, Any], may_change: Sequence[str], run: str
) -> None:
    """Compare the settings that a run began with and those that it shall go on with.

    Args:
        stored: settings as nested dictionaries.
        now: settings in the same form.
        may_change: dotted keys that may differ; each stands for all that lies below it too.
        run: name for the message.

    Raises:
        ConfigurationError: for the first key that differs and may not.
    """
    old, new = _flat(stored, ""), _flat(now, "")
    # What was typed stands higher than what is interpolated from it, so it is named first.
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key.count("."), key)):
        if any(key == free or key.startswith(free + ".") for free in may_change):
            continue
        before, after = (_value(values, key) for values in (old, new))
        if before != after:
            raise ConfigurationError(
                f"run={run} was begun with {key}={before} and cannot go on with {key}={after}; "
                f"take {key}={before} again, or begin another run=NAME"
            )


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


def _stored(path: Path) -> dict[str, Any]:
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, *UNREADABLE) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(stored, dict) or CORPUS not in stored:
        raise ModelError(f"{path} is damaged; begin another run=NAME")
    return stored
