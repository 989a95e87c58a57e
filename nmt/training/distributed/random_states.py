"""Random generators of all processes, which the first one saves and restores."""

from typing import Any

from nmt.runtime import random_state
from nmt.training.distributed import collectives


def capture() -> dict[str, Any]:
    """Return the state of the first process as `random`, and those of any others as `others`."""
    first, *others = collectives.all_gather(random_state.capture())
    return {"random": first, "others": others} if others else {"random": first}


def restore(checkpoint: dict[str, Any]) -> None:
    """Set this process's generators to its own of `capture`; without one they stay as they are."""
    states = [checkpoint["random"], *checkpoint.get("others", ())]
    if collectives.rank() < len(states):
        random_state.restore(states[collectives.rank()])
