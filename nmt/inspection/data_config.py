"""What a run's training was told of its text; a stranger may have written it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nmt.inspection import config_values, files
from nmt.runtime.errors import ConfigurationError, ModelError

TRAINING = Path("training", "config.yaml")
"""Below a run's folder: all that its training was told."""

MISSING = "???"
"""How a configuration says that a value was never given."""

MOST_BYTES = 1 << 17

ROOMS = ("nmt.data.corpora",)
"""Where the classes live that read text."""


def node(run: Path, trust: Sequence[str], split: str) -> dict[str, Any]:
    """Give what makes the text of a split: plain values, and a class that reads text.

    Args:
        run: the folder.
        trust: packages of the user whose classes may be named.
        split: `test`, or another of the data's.

    Raises:
        ModelError: if the run's configuration is missing, or names what it may not name.
        ConfigurationError: if it names no such set.
    """
    path = run / TRAINING
    if not run.is_dir():
        raise ModelError(f"{run} is no folder; train a model with: python -m nmt.train run={run}")
    if not files.exists(path):
        raise ModelError(
            f"{path} cannot be read: No such file or directory; it names the {split} set: give "
            "source=FILE target=FILE instead"
        )
    told = config_values.read(path, MOST_BYTES)
    if "data" not in told or not isinstance(told["data"], dict):
        raise ModelError(f"{path} is damaged: it says nothing of data")
    found = {split: None, **told["data"]}[split]
    if not isinstance(found, dict) or MISSING in found.values():
        raise ConfigurationError(f"{path} names no {split} set; give source=FILE target=FILE")
    config_values.check_classes(found, ROOMS, trust, str(path))
    return found
