"""All global random generators: seeded, captured and restored together."""

import random
from typing import Any

import numpy as np
import torch

from nmt.runtime import checks


def seed(number: int) -> None:
    """Seed the generators of Python, numpy and torch.

    Raises:
        ConfigurationError: if the number is not from 0 to 2**32 - 1.
    """
    checks.seed("seed", number)
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


def capture() -> dict[str, Any]:
    """Return the states of all generators, as tensors and plain values."""
    version, words, gauss = random.getstate()
    numpy_state: Any = np.random.get_state(legacy=False)
    numpy_state["state"]["key"] = numpy_state["state"]["key"].tolist()
    return {
        "python": [version, list(words), gauss],
        "numpy": numpy_state,
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(state: dict[str, Any]) -> None:
    """Set all generators to what `capture` returned."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    numpy_state = {**state["numpy"], "state": dict(state["numpy"]["state"])}
    numpy_state["state"]["key"] = np.array(numpy_state["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy_state)
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
