"""A reader of protocol buffers without compiled schemas; it accepts canonical encoding alone.

What two readers could read differently is refused: numbers longer than need be, tags of more than
32 bits (of which C++ drops the upper ones), fields that are not known or of another type, and
second values of a field that has one, which would replace or be merged into the first.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

Value = int | float | bytes
"""Of a field."""

FIXED = {5: struct.Struct("<f"), 1: struct.Struct("<d")}
"""The wire types of fixed size."""

INT, ENUM, BOOL, BYTES, FLOAT = "integer", "enumeration", "truth value", "bytes", "float"
"""The types of fields; `BYTES` are strings and nested messages too."""

ANY = "any"
"""The type of fields that a library may know and this program does not look at."""

OTHERS = 0
"""In a schema the number of all fields that it does not have."""

MANY = "*"
"""After a type: the field may occur any number of times."""

WIRE_TYPES = {
    INT: (0,),
    ENUM: (0,),
    BOOL: (0,),
    BYTES: (2,),
    FLOAT: (5,),
    ANY: (0, 1, 2, 5),
}
LARGEST = {INT: 1 << 64, ENUM: 1 << 31, BOOL: 2}
LAST_TAG = 1 << 32

Schema = Mapping[int, str]
"""Type of each field of a message by its number."""


def fields(data: Any, schema: Schema) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field of a message; a nested message stays bytes.

    Args:
        data: bytes, or a view of bytes, of which bytes values then are views.
        schema: of the message.

    Raises:
        ValueError: if it is no message in canonical encoding, has other fields, or is truncated.
        IndexError: if it is truncated.
        struct.error: likewise.
    """
    position = 0
    seen: set[int] = set()
    while position < len(data):
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        type_ = schema.get(number, schema.get(OTHERS, ""))
        one = type_.removesuffix(MANY)
        value, position = _value(data, position, wire_type)
        if not 8 <= key < LAST_TAG or wire_type not in WIRE_TYPES.get(one, ()):
            raise ValueError(f"it has the field {number} of type {wire_type}, which is not known")
        if type_ == one and number in seen:
            raise ValueError(f"it has the field {number} twice")
        seen.add(number)
        if one in LARGEST and not 0 <= value < LARGEST[one]:
            raise ValueError(f"its field {number} has the number {value}, which is no {one}")
        yield number, value


def _value(data: Any, position: int, wire_type: int) -> tuple[Any, int]:
    """Return the value of a field, and the position after it."""
    if wire_type in FIXED:
        layout = FIXED[wire_type]
        return layout.unpack_from(data, position)[0], position + layout.size
    if wire_type not in (0, 2):
        raise ValueError(f"no field starts before byte {position}")
    number, position = _varint(data, position)
    if wire_type == 0:
        return number, position
    if position + number > len(data):
        raise ValueError("it is truncated")
    return data[position : position + number], position + number


def _varint(data: Any, position: int) -> tuple[int, int]:
    """Return an integer in as few bytes as possible, at most 70 bits, and the position after it."""
    value = data[position]
    if value < 128:
        return value, position + 1
    value &= 127
    for shift in range(7, 70, 7):
        position += 1
        byte = data[position]
        value |= (byte & 127) << shift
        if byte < 128:
            if not byte:
                raise ValueError(f"the number that ends at byte {position} is longer than need be")
            return value, position + 1
    raise ValueError(f"no number ends at byte {position}")
