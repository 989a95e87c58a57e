"""Random generators of all processes of a training, as the first one saves and restores them."""

from typing import Any

from nmt.runtime import random_state
from nmt.training.distributed import collectives


def random_states() -> dict[str, Any]:
    """Give `random`, the state of the first process, and `others` where several train."""
    first, *others = collectives.values_of_all(random_state.capture())
    return {"random": first, "others": others} if others else {"random": first}


def restore_random_states(state: dict[str, Any]) -> None:
    """Set this process's generators to its own of `random_states`; if it has none, to nothing."""
    states = [state["random"], *state.get("others", ())]
    if collectives.rank() < len(states):
        random_state.restore(states[collectives.rank()])
