"""Protocol buffers are read in canonical encoding alone, so that no two readers differ."""

import struct

import pytest

from nmt.inspection.protobuf import ANY, BOOL, BYTES, ENUM, FLOAT, INT, MANY, OTHERS, fields

SCHEMA = {1: INT, 2: BYTES, 3: ENUM, 4: BOOL, 5: FLOAT, 6: INT + MANY, 16: BYTES + MANY}


def read(*data, schema=SCHEMA):
    return list(fields(bytes(data), schema))


def tag(number, wire_type):
    return number << 3 | wire_type


def varint(value):
    data = []
    while value >= 128:
        data.append(value & 127 | 128)
        value >>= 7
    return [*data, value]


def test_fields_are_read_by_number():
    data = [tag(1, 0), *varint(2**64 - 1), tag(2, 2), 2, 97, 98, tag(3, 0), 7, tag(4, 0), 1]
    data += [tag(6, 0), 1, tag(6, 0), 2, *varint(tag(16, 2)), 0, tag(5, 5), 0, 0, 128, 63]
    values = [(1, 2**64 - 1), (2, b"ab"), (3, 7), (4, 1), (6, 1), (6, 2), (16, b""), (5, 1.0)]
    assert read(*data) == values


@pytest.mark.parametrize(
    "data",
    [
        [tag(1, 0) | 128, 0, 5],  # a tag in two bytes
        [tag(1, 0), 133, 0],  # a number in two bytes
        [tag(2, 2), 129, 0, 97],  # a length in two bytes
        [tag(1, 0), *[255] * 9, 127],  # a number of 70 bits
        [tag(1, 0), *[255] * 9, 2],  # a number of 65 bits
        [tag(1, 0), *[128] * 10, 1],  # a number of 11 bytes
        [*varint(1 << 32 | tag(1, 0)), 5],  # a tag whose upper bits C++ drops
        [*varint(1 << 35 | tag(2, 2)), 0],
        [0, 5],  # the field 0
        [tag(7, 0), 5],  # a field that is not known
        [tag(1, 2), 1, 5],  # a number as bytes
        [tag(2, 0), 5],  # bytes as a number
        [tag(6, 2), 2, 1, 2],  # numbers in a block
        [tag(5, 1), *[0] * 8],  # a double as a float
        [tag(1, 3), tag(1, 4)],  # a group
        [tag(1, 0), 5, tag(1, 0), 5],  # a second value
        [tag(2, 2), 0, tag(2, 2), 0],
        [tag(3, 0), *varint(1 << 31)],  # an enumeration that C++ reads as negative
        [tag(3, 0), *varint(1 << 32 | 1)],  # one of which C++ drops the upper bits
        [tag(4, 0), 2],  # neither true nor false
        [tag(2, 2), 3, 97],  # truncated
        [tag(1, 0)],
        [tag(5, 5), 0, 0],
    ],
)
def test_what_readers_could_read_differently_is_refused(data):
    with pytest.raises((ValueError, IndexError, struct.error)):
        read(*data)


def test_other_fields_are_read_where_a_schema_allows_them():
    schema = {1: INT, OTHERS: ANY + MANY}
    assert read(tag(9, 2), 1, 97, tag(9, 0), 3, tag(1, 0), 4, schema=schema) == [
        (9, b"a"),
        (9, 3),
        (1, 4),
    ]
    for data in ([tag(9, 3)], [tag(1, 2), 0], [tag(9, 0), 131, 0], [tag(1, 0), 1, tag(1, 0), 1]):
        with pytest.raises(ValueError, match=r"field|longer than need be"):
            read(*data, schema=schema)
