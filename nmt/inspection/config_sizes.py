"""Numbers of a configuration against the tensors beside it: what they ask for must be there."""

from collections.abc import Mapping
from typing import Any, NoReturn

from nmt.inspection.files import shown
from nmt.inspection.safetensors import Shape
from nmt.runtime.errors import ModelError

ANY = 10_000
"""What any whole number may be: places and layers that are only compared with others."""

COUNTS = ("layers", "depth")
"""Keys that say how often something is made. Each time it has a tensor of its own."""

SEARCH = {
    "size": 1000,
    "best": 1000,
    "length_factor": 100,
    "length_extra": 1000,
    "seed": 2**32 - 1,
    "top_k": 1_000_000,
}
"""The largest numbers of a search that is saved with a model; any other may have 1000."""


def check_model(node: Any, tensors: Mapping[str, Shape], where: str) -> None:
    """Refuse a model larger than its file.

    Args:
        node: that describes the model.
        tensors: all of the file.
        where: the configuration's file, for the message.

    Raises:
        ModelError: names key and value, and what is there.
    """
    sizes = [size for shape in tensors.values() for size in shape.sizes]
    _check(node, max([ANY, len(tensors), *sizes]), len(tensors), where)


def _check(node: Any, most: int, made: int, where: str) -> None:
    """Go down the nodes; `made` is how many tensors are left for each thing that is made."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, int) and value > most:
                _refuse(key, value, f"the largest tensor has {most} or less", where)
        made = _left(node, made, where) if "_target_" in node else made
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            _check(value, most, made, where)


def _left(node: Mapping[str, Any], made: int, where: str) -> int:
    """Share the tensors out among what a node makes several times."""
    for key in COUNTS:
        if key in node and isinstance(node[key], int):
            made //= max(node[key], 1)
            if not made:
                _refuse(key, node[key], "there are fewer tensors", where)
    return made


def check_search(node: Any, where: str) -> None:
    """Refuse a search that would take hours or all memory for a line.

    Raises:
        ModelError: names key and value, and the largest one.
    """
    for key, value in node.items() if isinstance(node, Mapping) else ():
        if isinstance(value, int | float) and value > SEARCH.get(key, 1000):
            _refuse(f"search.{key}", value, f"at most {SEARCH.get(key, 1000)} is searched", where)
        check_search(value, where)


def _refuse(key: object, value: object, why: str, where: str) -> NoReturn:
    raise ModelError(f"{where} asks for {shown(key)}={shown(value)}, but {why}")
