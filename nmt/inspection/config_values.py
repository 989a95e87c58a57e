"""A saved model's configuration: a small part of YAML with plain values and allowed classes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from nmt.inspection import classes, files
from nmt.inspection.files import quote
from nmt.runtime.errors import ModelError

MAX_BYTES = 1 << 15
"""Of a file; this program writes 2,000 to 4,000."""

MAX_DEPTH = 20
"""Of nested nodes; a cell around a cell around a cell has 7."""

SPECIAL_KEYS = ("_target_", "_partial_")
"""The only keys that may start with an underscore."""

FORBIDDEN = ("${", "..", "/", "\\", "???")
"""Not part of any value: interpolations, paths, and missing values."""

UNREADABLE = (yaml.YAMLError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading YAML may raise: the parser itself fails on some dates, numbers and depths."""

STRING = "tag:yaml.org,2002:str"
INTEGER = "tag:yaml.org,2002:int"

MAX_BITS = 256
"""Of an integer; numbers of 4,300 digits, which YAML writes in several bases, cannot be shown."""


class _PlainLoader(yaml.SafeLoader):
    """A loader that rejects anchors, aliases, tags, repeated keys, deep nesting, huge integers."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has an anchor or an alias")
        if event.tag is not None:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} has a tag")
        if self.depth == MAX_DEPTH:
            raise yaml.YAMLError(f"line {event.start_mark.line + 1} is nested too deeply")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        keys: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag != STRING:
                raise yaml.YAMLError(f"line {line} has a key that is no string")
            if key.value in keys:
                raise yaml.YAMLError(f"line {line} repeats the key {quote(key.value)}")
            keys.add(key.value)
        return node


def _bounded_integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    value = loader.construct_yaml_int(node)
    if value.bit_length() > MAX_BITS:
        line = node.start_mark.line + 1
        raise yaml.YAMLError(
            f"line {line} has an integer of {value.bit_length()} bits; expected at most {MAX_BITS}"
        )
    return int(value)


_PlainLoader.add_constructor(INTEGER, _bounded_integer)


def read(path: Path, max_bytes: int) -> dict[str, Any]:
    """Read a YAML file without anchors, aliases and tags; `check` restricts its values.

    Raises:
        ModelError: naming the file, and the line if known.
    """
    return parse(files.read(path, max_bytes), str(path))


def parse(data: bytes, where: str) -> dict[str, Any]:
    """Parse what `read` reads.

    Args:
        data: content of a file.
        where: its name, for messages.

    Raises:
        ModelError: naming the file, and the line if known.
    """
    try:
        config = yaml.load(data.decode("utf-8"), _PlainLoader)
    except UNREADABLE as error:
        raise ModelError(f"{where} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{where} cannot be read: expected keys with their values")
    return config


def check(node: Any, trust: Sequence[str], where: str) -> None:
    """Check that a model's configuration has only plain values and allowed classes.

    Args:
        node: plain dicts and lists.
        trust: packages whose classes the user allows besides.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming the offending value.
    """
    ClassCheck(classes.PACKAGES, trust, where)(node)
    _check_values(node, trust, where)


@dataclass(frozen=True)
class ClassCheck:
    """A check that each class in a configuration belongs to the package of its key.

    Attributes:
        packages: of this program, by key.
        trust: packages whose classes the user allows at any key.
        where: the configuration's file, for messages.
    """

    packages: Mapping[str, str]
    trust: Sequence[str]
    where: str

    def __call__(self, node: Any, key: str = "", others: Sequence[str] = ()) -> None:
        """Check a node and those below.

        Args:
            node: plain dicts and lists.
            key: of the node.
            others: packages of this program for keys that only a trusted class has.

        Raises:
            ModelError: naming the key, or the class.
        """
        if isinstance(node, Mapping):
            if "_target_" in node:
                others = self._check_class(node, key, others)
            for child, value in node.items():
                if str(child).startswith("_") and child not in SPECIAL_KEYS:
                    self._refuse(f"the key {quote(child)}")
                self(value, child, others)
        elif isinstance(node, list):
            for value in node:
                self(value, key, others)
        elif isinstance(node, str) and "${" in node:
            self._refuse(f"the interpolation {quote(node)}")

    def _check_class(
        self, node: Mapping[str, Any], key: str, others: Sequence[str]
    ) -> Sequence[str]:
        """Check the class of a node, and return the packages for unknown keys below it."""
        target = node["_target_"]
        allowed = (self.packages[key],) if key in self.packages else others
        classes.check(target, key, allowed, self.trust, self.where)
        if classes.within(target, self.trust):
            return tuple(self.packages.values())
        partial = node.get("_partial_", False) is not False
        if partial and key in self.packages and key not in classes.PARTS:
            self._refuse(f"the key '{key}._partial_'")
        return ()

    def _refuse(self, what: str) -> NoReturn:
        raise ModelError(f"{self.where} has {what}, which a saved model may not have")


def _check_values(node: Any, trust: Sequence[str], where: str, path: str = "") -> None:
    """Check that all values are ones that classes of this program take, or trusted ones may."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            _check_values(value, trust, where, f"{path}.{key}".strip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            _check_values(value, trust, where, f"{path}.{number}")
    elif not _is_allowed(node, path, trust):
        raise ModelError(
            f"{where} has {quote(path)}={quote(node)}, which is no value of a saved model"
        )


def _is_allowed(value: Any, path: str, trust: Sequence[str]) -> bool:
    if isinstance(value, bool):
        return path.endswith("_partial_") or bool(trust)
    if isinstance(value, int):
        return value >= 0 or bool(trust)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return value.isprintable() and not any(part in value for part in FORBIDDEN)
    return value is None
