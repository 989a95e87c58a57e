"""What the head of a safetensors file says of its tensors, and whether it can be true."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import files
from nmt.inspection.files import shown
from nmt.runtime.errors import ModelError

WIDTHS = {"F32": 4, "I64": 8}
"""Bytes of a number of each type that is written: weights, and keys of n-grams."""

LENGTH = 8  # bytes that say how long the head is
MOST_HEAD = 1 << 22  # bytes of the head; ours have about 100 a tensor
MOST_TENSORS = 10_000
MOST_AXES = 4
MOST_NAME = 300  # characters


@dataclass(frozen=True)
class Shape:
    """What is known of a tensor.

    Attributes:
        kind: one of WIDTHS.
        sizes: of its axes.
        begin, end: its first byte after the head, and the one after its last.
    """

    kind: str
    sizes: tuple[int, ...]
    begin: int
    end: int


def read(path: Path) -> dict[str, Shape]:
    """Read the head; the tensors it names lie one after the other and fill the file.

    Raises:
        ModelError: if that is not so, or there is more than this machine's memory holds.
    """
    size = files.size(path, files.memory())
    head = _head(path, size)
    metadata = head.pop("__metadata__", {})
    if not isinstance(metadata, dict) or len(head) > MOST_TENSORS:
        _refuse(path, f"it names {len(head)} tensors; expected at most {MOST_TENSORS}")
    found = {name: _shape(path, name, entry) for name, entry in head.items()}
    place = 0
    for shape in sorted(found.values(), key=lambda one: (one.begin, one.end)):
        if shape.begin != place:
            _refuse(path, f"no tensor begins at byte {place} of its data")
        place = shape.end
    length = size - LENGTH - int.from_bytes(_first(path, LENGTH), "little")
    if place != length:
        _refuse(path, f"its tensors have {place} bytes, but {length} are there")
    return found


def _head(path: Path, size: int) -> dict[str, Any]:
    length = int.from_bytes(_first(path, LENGTH), "little")
    if size < LENGTH or not 2 <= length <= min(MOST_HEAD, size - LENGTH):
        _refuse(path, "it was cut off, or is no safetensors file")
    try:
        text = _first(path, LENGTH + length)[LENGTH:].decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: its head is no JSON of tensors") from error
    if not isinstance(found, dict):
        _refuse(path, "its head is no JSON of tensors")
    return found


def _first(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _shape(path: Path, name: str, entry: Any) -> Shape:
    if not (name.isprintable() and 0 < len(name) <= MOST_NAME):
        _refuse(path, f"{shown(name)} is no name of a tensor")
    if not isinstance(entry, Mapping) or set(entry) != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"{shown(name)} is not described as a tensor is")
    kind, sizes, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if kind not in tuple(WIDTHS):
        _refuse(path, f"{shown(name)} is of type {shown(kind)}; expected one of F32, I64")
    if not _counts(sizes) or len(sizes) > MOST_AXES:
        _refuse(path, f"{shown(name)} has the shape {shown(sizes)}; expected up to 4 sizes")
    if not _counts(offsets) or len(offsets) != 2:
        _refuse(path, f"{shown(name)} lies at {shown(offsets)}; expected two places")
    if offsets[1] - offsets[0] != math.prod(sizes) * WIDTHS[kind]:
        _refuse(path, f"{shown(name)} of shape {shown(sizes)} has other bytes than that")
    return Shape(kind, tuple(sizes), *offsets)


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(one) is int and one >= 0 for one in values)


def _refuse(path: Path, why: str) -> NoReturn:
    raise ModelError(f"{path} cannot be read: {why}")
