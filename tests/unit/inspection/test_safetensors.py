import struct

import pytest

from nmt.inspection import safetensors
from nmt.runtime.errors import ModelError


def file(text, data=b""):
    return struct.pack("<Q", len(text)) + text.encode() + data


def entry(**changes):
    values = {"dtype": '"F32"', "shape": "[2]", "data_offsets": "[0,8]", **changes}
    return '{"a":{' + ",".join(f'"{key}":{value}' for key, value in values.items()) + "}}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is truncated, or not a safetensors file"),
        (struct.pack("<Q", 1 << 60) + b"{}", "it is truncated, or not a safetensors file"),
        (file("[1]"), "its header is no JSON of tensors"),
        (file("[" * 100_000), "its header is no JSON of tensors"),
        (file('{"a":1,"a":2}'), "its header is no JSON of tensors"),
        (file('{"a":NaN}'), "its header is no JSON of tensors"),
        (file('{"a":1}'), "'a' has other keys than dtype, shape and data_offsets"),
        (file('{"":1}'), "'' is not a name of a tensor"),
        (file(entry(dtype='"F64"'), bytes(8)), "'a' has the dtype 'F64'; expected F32 or I64"),
        (file(entry(dtype="[]"), bytes(8)), "'a' has the dtype [];"),
        (file(entry(shape="[-2]"), bytes(8)), "'a' has the shape [-2]; expected up to 4 sizes"),
        (file(entry(shape="[true]"), bytes(8)), "'a' has the shape [True]"),
        (file(entry(shape="[1,1,1,1,2]"), bytes(8)), "expected up to 4 sizes"),
        (file(entry(shape="[3]"), bytes(8)), "'a' of shape [3] has another number of bytes"),
        (file(entry(shape="[25000000000]"), bytes(8)), "has another number of bytes"),
        (file(entry(data_offsets="[8,16]"), bytes(16)), "no tensor starts at byte 0"),
        (
            file(entry(data_offsets="[0,8,9]"), bytes(8)),
            "'a' has the offsets [0, 8, 9]; expected two",
        ),
        (file(entry(), bytes(9)), "its tensors have 8 bytes, its data has 9"),
        (file(entry(), bytes(7)), "its tensors have 8 bytes, its data has 7"),
    ],
)
def test_an_inconsistent_header_is_refused(tmp_path, data, message):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="cannot be read") as caught:
        safetensors.read(path)
    assert message in str(caught.value)
