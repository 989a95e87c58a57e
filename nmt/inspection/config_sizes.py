"""Sizes in a saved model's configuration, which may not exceed what its tensors bear out."""

from collections.abc import Mapping
from typing import Any, NoReturn

from nmt.inspection.files import quote
from nmt.inspection.safetensors import TensorInfo
from nmt.runtime.errors import ModelError

ALWAYS_ALLOWED = 10_000
"""Any integer may be as large: positions and layers that are only compared with others."""

REPETITIONS = ("layers", "depth")
"""Keys that say how often a part is built. Each time it has a tensor of its own."""

MAX_ROW_STEPS = 100_000
"""The most prefixes that a saved search may extend for a line of one piece: size × steps."""

SEARCH_LIMITS = {
    "size": 1000,
    "best": 1000,
    "length_factor": 100,
    "length_extra": 1000,
    "seed": 2**32 - 1,
    "top_k": 1_000_000,
}
"""The largest numbers of a search that is saved with a model; any other may have 1000."""


def check_model(node: Any, tensors: Mapping[str, TensorInfo], where: str) -> None:
    """Check that a configured model is no larger than its file.

    Args:
        node: the configuration of the model.
        tensors: all of the file.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming key and value, and what the file has.
    """
    # An empty tensor has no bytes that would bear out its sizes.
    sizes = [size for tensor in tensors.values() if 0 not in tensor.shape for size in tensor.shape]
    _check(node, max([ALWAYS_ALLOWED, len(tensors), *sizes]), len(tensors), where)


def _check(node: Any, largest: int, available: int, where: str) -> None:
    """Check a node and those below; `available` is the number of tensors for each of its parts."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, int) and value > largest:
                _refuse(key, value, f"no tensor is larger than {largest}", where)
        available = _per_repetition(node, available, where) if "_target_" in node else available
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            _check(value, largest, available, where)


def _per_repetition(node: Mapping[str, Any], available: int, where: str) -> int:
    """Divide the tensors among the repetitions of a node's parts."""
    for key in REPETITIONS:
        if key in node and isinstance(node[key], int):
            available //= max(node[key], 1)
            if not available:
                _refuse(key, node[key], "there are fewer tensors", where)
    return available


def check_search(node: Any, where: str, name: str = "search") -> None:
    """Check that a search takes neither hours nor all memory for a line.

    Args:
        node: plain values.
        where: the configuration's file, for messages.
        name: key of the node.

    Raises:
        ModelError: naming key and value, and the largest value allowed.
    """
    _check_search_values(node, where, name)
    if not isinstance(node, Mapping):
        return
    numbers = {
        key: value
        for key, value in node.items()
        if type(value) in (int, float) and key in SEARCH_LIMITS
    }
    rows = max(numbers.get("size", 1), numbers.get("best", 1))
    steps = numbers.get("length_factor", 0) + numbers.get("length_extra", 0)
    if rows * steps > MAX_ROW_STEPS:
        largest = int(MAX_ROW_STEPS / steps)
        reason = f"with length_factor + length_extra = {steps:.0f} at most {largest} is allowed"
        _refuse(f"{name}.size", rows, reason, where)


def _check_search_values(node: Any, where: str, name: str) -> None:
    for key, value in node.items() if isinstance(node, Mapping) else ():
        limit = SEARCH_LIMITS.get(key, 1000)
        if isinstance(value, int | float) and value > limit:
            _refuse(f"{name}.{key}", value, f"at most {limit} is allowed", where)
        _check_search_values(value, where, name)


def _refuse(key: object, value: object, reason: str, where: str) -> NoReturn:
    raise ModelError(f"{where} has {quote(key)}={quote(value)}, but {reason}")
