"""The corpora that a run's configuration names, which may come with an untrusted model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nmt.inspection import config_values, files
from nmt.inspection.config_values import ClassCheck
from nmt.runtime.errors import ConfigurationError, ModelError

TRAINING = Path("training", "config.yaml")
"""Below a run's folder: the configuration of its training."""

MISSING = "???"
"""OmegaConf's mark of a value that is not set."""

MAX_BYTES = 1 << 17
PACKAGE = "nmt.data.corpora"


def corpus_node(run: Path, trust: Sequence[str], split: str) -> dict[str, Any]:
    """Return the configuration of a split's corpus: plain values, and a class that reads text.

    Args:
        run: the run's folder.
        trust: packages of the user whose classes may be named.
        split: `test`, or another key of `data`.

    Raises:
        ModelError: if the run's configuration is missing, or names a class that is not allowed.
        ConfigurationError: if it has no such split.
    """
    path = run / TRAINING
    if not run.is_dir():
        raise ModelError(f"{run} is no folder; train a model with: python -m nmt.train run={run}")
    if not files.exists(path):
        raise ModelError(
            f"{path} cannot be read: No such file or directory; it names the {split} set: give "
            "source=FILE target=FILE instead"
        )
    config = config_values.read(path, MAX_BYTES)
    if "data" not in config or not isinstance(config["data"], dict):
        raise ModelError(f"{path} is damaged: it has no node data")
    node = {split: None, **config["data"]}[split]
    if not isinstance(node, dict) or MISSING in node.values():
        raise ConfigurationError(f"{path} names no {split} set; give source=FILE target=FILE")
    ClassCheck({split: PACKAGE}, trust, str(path))(node, split)
    return node
