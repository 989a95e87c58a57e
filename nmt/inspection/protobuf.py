"""Protocol buffers without their compiler: the fields of one message, each within its bounds."""

import struct
from collections.abc import Iterator
from typing import Any

Value = int | float | bytes
"""Of a field."""

FIXED = {5: struct.Struct("<f"), 1: struct.Struct("<d")}
"""Kinds of fields that have always as many bytes."""


def fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Give the numbers of a message's fields, and their values: numbers, or bytes of any meaning.

    Args:
        data: bytes, or a view of bytes, of which the values then are views.

    Raises:
        ValueError: if it is no message, or was cut off.
        IndexError: likewise.
    """
    place = 0
    while place < len(data):
        key, place = _number(data, place)
        kind = key & 7
        if kind == 0:
            value, place = _number(data, place)
            yield key >> 3, value
        elif kind == 2:
            length, place = _number(data, place)
            if place + length > len(data):
                raise ValueError("it was cut off")
            yield key >> 3, data[place : place + length]
            place += length
        elif kind in FIXED:
            yield key >> 3, FIXED[kind].unpack_from(data, place)[0]
            place += FIXED[kind].size
        else:
            raise ValueError(f"byte {place} begins no field of one")


def _number(data: Any, place: int) -> tuple[int, int]:
    value = data[place]
    if value < 128:
        return value, place + 1
    value &= 127
    for shift in range(7, 70, 7):
        place += 1
        value |= (data[place] & 127) << shift
        if data[place] < 128:
            return value, place + 1
    raise ValueError(f"byte {place} ends no number")
