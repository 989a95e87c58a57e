"""A reader of protocol buffers without compiled schemas, which checks all bounds."""

import struct
from collections.abc import Iterator
from typing import Any

Value = int | float | bytes
"""Of a field."""

FIXED = {5: struct.Struct("<f"), 1: struct.Struct("<d")}
"""The wire types of fixed size."""


def fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field of a message; a nested message stays bytes.

    Args:
        data: bytes, or a view of bytes, of which bytes values then are views.

    Raises:
        ValueError: if it is no message, or is truncated.
        IndexError: if it is truncated.
        struct.error: likewise.
    """
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire_type = key & 7
        if wire_type == 0:
            value, position = _varint(data, position)
            yield key >> 3, value
        elif wire_type == 2:
            length, position = _varint(data, position)
            if position + length > len(data):
                raise ValueError("it is truncated")
            yield key >> 3, data[position : position + length]
            position += length
        elif wire_type in FIXED:
            yield key >> 3, FIXED[wire_type].unpack_from(data, position)[0]
            position += FIXED[wire_type].size
        else:
            raise ValueError(f"no field starts before byte {position}")


def _varint(data: Any, position: int) -> tuple[int, int]:
    """Return an integer of at most 70 bits, and the position after it."""
    value = data[position]
    if value < 128:
        return value, position + 1
    value &= 127
    for shift in range(7, 70, 7):
        position += 1
        value |= (data[position] & 127) << shift
        if data[position] < 128:
            return value, position + 1
    raise ValueError(f"no number ends at byte {position}")
