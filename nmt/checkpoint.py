"""Training state on disk: all that a training needs to go on exactly where it stopped."""

import os
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nmt import ranges
from nmt.errors import ModelError

FORMAT = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain containers; the file is the old one or the new one, never a part.

    Raises:
        ModelError: if the file cannot be written; the old one is as it was.
    """
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise ModelError(f"{path} cannot be written: {error}; the state before is kept") from error


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote; nothing in the file is executed.

    Raises:
        ModelError: if it is no such file, or of another format.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        written = state["format"]
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path} is no training state ({why}); begin another run=NAME") from error
    if written != FORMAT:
        raise ModelError(f"{path} has format {written}; this program reads format {FORMAT}")
    assert isinstance(state, dict)
    return state


def random_state() -> dict[str, Any]:
    """Give the states of all global random generators as tensors and plain values."""
    version, words, gauss = random.getstate()
    numpy_state: Any = np.random.get_state(legacy=False)
    numpy_state["state"]["key"] = numpy_state["state"]["key"].tolist()
    return {
        "python": [version, list(words), gauss],
        "numpy": numpy_state,
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Set all global random generators to what `random_state` gave."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    numpy_state = {**state["numpy"], "state": dict(state["numpy"]["state"])}
    numpy_state["state"]["key"] = np.array(numpy_state["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy_state)
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])


def seed(number: int) -> None:
    """Begin all global random generators from one number, 0 to 2**32 - 1.

    Raises:
        ConfigurationError: if the number is not one of these.
    """
    ranges.seed("seed", number)
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)
