"""The header of a safetensors file: which tensors the file has, and whether that can be true."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import files
from nmt.inspection.files import quote
from nmt.runtime.errors import ModelError

WIDTHS = {"F32": 4, "I64": 8}
"""Bytes of a number of each dtype that is written: weights, and keys of n-grams."""

LENGTH_BYTES = 8  # of the length of the header
MAX_HEADER = 1 << 22  # bytes; this program writes about 100 per tensor
MAX_TENSORS = 10_000
MAX_AXES = 4
MAX_NAME = 300  # characters


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a file.

    Attributes:
        dtype: one of WIDTHS.
        shape: sizes of its axes.
        begin, end: its bytes' range after the header.
    """

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read(path: Path) -> dict[str, TensorInfo]:
    """Read the header; its tensors must be contiguous and fill the file.

    Raises:
        ModelError: if they are not, or the file is larger than this machine's memory.
    """
    size = files.size(path, files.memory())
    tensors = check_header(_header(path, size), path)
    position = 0
    for tensor in sorted(tensors.values(), key=lambda one: (one.begin, one.end)):
        if tensor.begin != position:
            _refuse(path, f"no tensor starts at byte {position} of its data")
        position = tensor.end
    length = size - LENGTH_BYTES - int.from_bytes(_prefix(path, LENGTH_BYTES), "little")
    if position != length:
        _refuse(path, f"its tensors have {position} bytes, its data has {length}")
    return tensors


def check_header(header: dict[str, Any], path: Path) -> dict[str, TensorInfo]:
    """Check the entries of a header, each by itself.

    Args:
        header: dtype, shape and data_offsets by the name of each tensor.
        path: of the file, for messages.

    Raises:
        ModelError: if one is not as it is written.
    """
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or len(header) > MAX_TENSORS:
        _refuse(path, f"it has {len(header)} tensors; expected at most {MAX_TENSORS}")
    return {name: _tensor(path, name, entry) for name, entry in header.items()}


def _header(path: Path, size: int) -> dict[str, Any]:
    length = int.from_bytes(_prefix(path, LENGTH_BYTES), "little")
    if size < LENGTH_BYTES or not 2 <= length <= min(MAX_HEADER, size - LENGTH_BYTES):
        _refuse(path, "it is truncated, or not a safetensors file")
    try:
        text = _prefix(path, LENGTH_BYTES + length)[LENGTH_BYTES:].decode("utf-8")
        header = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: its header is no JSON of tensors") from error
    if not isinstance(header, dict):
        _refuse(path, "its header is no JSON of tensors")
    return header


def _prefix(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    items = dict(pairs)
    if len(items) != len(pairs):
        raise ValueError("a name occurs twice")
    return items


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _tensor(path: Path, name: str, entry: Any) -> TensorInfo:
    if not (name.isprintable() and 0 < len(name) <= MAX_NAME):
        _refuse(path, f"{quote(name)} is not a name of a tensor")
    if not isinstance(entry, Mapping) or set(entry) != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"{quote(name)} has other keys than dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in tuple(WIDTHS):
        _refuse(path, f"{quote(name)} has the dtype {quote(dtype)}; expected F32 or I64")
    if not _counts(shape) or len(shape) > MAX_AXES:
        _refuse(path, f"{quote(name)} has the shape {quote(shape)}; expected up to 4 sizes")
    if not _counts(offsets) or len(offsets) != 2:
        _refuse(path, f"{quote(name)} has the offsets {quote(offsets)}; expected two")
    if offsets[1] - offsets[0] != math.prod(shape) * WIDTHS[dtype]:
        _refuse(path, f"{quote(name)} of shape {quote(shape)} has another number of bytes")
    return TensorInfo(dtype, tuple(shape), *offsets)


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(one) is int and one >= 0 for one in values)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ModelError(f"{path} cannot be read: {reason}")
