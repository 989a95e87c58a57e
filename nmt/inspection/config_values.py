"""A saved model's configuration: a small part of YAML, plain values, and no way out of them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from nmt.inspection import classes, files
from nmt.inspection.files import shown
from nmt.runtime.errors import ModelError

MOST_BYTES = 1 << 15
"""Of a file; ours have 2,000 to 4,000."""

DEPTH = 20
"""Of nodes within nodes; a cell around a cell around a cell has 7."""

KEYS = ("_target_", "_partial_")
"""The keys with an underscore before them that may be there."""

WORDS = ("${", "..", "/", "\\", "???")
"""What no value holds: interpolations, ways through folders, and values that are missing."""

UNREADABLE = (
    yaml.YAMLError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading YAML may raise: the parser lets through what dates, numbers and depth do to it."""

STRING = "tag:yaml.org,2002:str"


class _Plain(yaml.SafeLoader):
    """Reads what no value needs twice, no tag makes, and no key hides."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has an anchor or an alias")
        if event.tag is not None:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has a tag")
        if self.depth == DEPTH:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} is nested too deep")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag != STRING:
                raise yaml.YAMLError(f"line {line} has a key that is no word")
            if key.value in seen:
                raise yaml.YAMLError(f"line {line} has the key {shown(key.value)} again")
            seen.add(key.value)
        return node


def read(path: Path, most: int) -> dict[str, Any]:
    """Read a file of plain values; `check` says what they may be.

    Args:
        path: a file in YAML without anchors, aliases and tags.
        most: bytes that it may have.

    Raises:
        ModelError: names the file, and the line where there is one.
    """
    data = files.read(path, most)
    try:
        found = yaml.load(data.decode("utf-8"), _Plain)
    except UNREADABLE as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} cannot be read: expected keys with their values")
    return found


def check(node: Any, trust: Sequence[str], where: str) -> None:
    """Refuse a model's configuration that holds anything but plain numbers and allowed classes.

    Args:
        node: plain dicts and lists.
        trust: packages whose classes the user allows besides.
        where: file, for the message.

    Raises:
        ModelError: names the offending value.
    """
    check_classes(node, classes.ROOMS, trust, where)
    _check_values(node, trust, where)


def check_classes(node: Any, rooms: Sequence[str], trust: Sequence[str], where: str) -> None:
    """Refuse what would make anything but objects of these rooms and packages.

    Raises:
        ModelError: names the key, or the class.
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            if str(key).startswith("_") and key not in KEYS:
                raise ModelError(
                    f"{where} has the key {shown(key)}, which a saved model may not have"
                )
            if key == "_target_":
                classes.check(value, rooms, trust, where)
            check_classes(value, rooms, trust, where)
    elif isinstance(node, list):
        for value in node:
            check_classes(value, rooms, trust, where)
    elif isinstance(node, str) and "${" in node:
        raise ModelError(
            f"{where} has the interpolation {shown(node)}, which a saved model may not have"
        )


def _check_values(node: Any, trust: Sequence[str], where: str, path: str = "") -> None:
    """Refuse values that no class of the rooms takes; those of the user take what they like."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            _check_values(value, trust, where, f"{path}.{key}".strip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            _check_values(value, trust, where, f"{path}.{number}")
    elif not _usual(node, path, trust):
        raise ModelError(
            f"{where} has {files.shown(path)}={shown(node)}, which is no value of a saved model"
        )


def _usual(value: Any, path: str, trust: Sequence[str]) -> bool:
    if isinstance(value, bool):
        return path.endswith("_partial_") or bool(trust)
    if isinstance(value, int):
        return value >= 0 or bool(trust)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return value.isprintable() and not any(word in value for word in WORDS)
    return value is None
