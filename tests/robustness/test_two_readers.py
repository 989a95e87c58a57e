"""What the inspection accepts, the library that then reads the file reads in the same way."""

import json
import random

import pytest
from helpers.fuzzing import cases
from helpers.small_run import tokenizer
from safetensors import SafetensorError, safe_open

from nmt.inspection import safetensors, sentencepiece
from nmt.inspection.exported_folder import ENCODER, STEP, check_graphs
from nmt.runtime.errors import ModelError


def varint(value, length=0):
    """Return a number in base 128, in at least so many bytes."""
    data = []
    while value >= 128 or len(data) + 1 < length:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def damaged(data, chance):
    """Return bytes with a small change: bits, lost or repeated ones, or a field in another form."""
    at = chance.randrange(len(data))
    how = chance.choice(("flip", "flip", "set", "lost", "twice", "field", "long", "swap"))
    if how == "flip":
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if how == "set":
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if how == "lost":
        return data[:at] + data[at + chance.randrange(1, 4) :]
    if how == "twice":
        return data + data[at : at + chance.randrange(1, 200)]
    if how == "swap":
        return data[at:] + data[:at]
    if how == "long":
        return data[:at] + bytes([data[at] | 128, 0]) + data[at + 1 :]
    tag = chance.randrange(1, 30) << 3 | chance.choice((0, 1, 2, 3, 5))
    tag |= chance.choice((0, 0, 1 << 32, 1 << 40))
    value = varint(chance.choice((0, 1, 2, 127, 1 << 31, 1 << 33, 1 << 63)), chance.choice((0, 9)))
    where = chance.choice((0, len(data), at))
    return data[:where] + varint(tag, chance.choice((0, 0, 6))) + value + data[where:]


def changed(data, number):
    """Return bytes after one to three changes, by a number."""
    chance = random.Random(number)
    for _ in range(chance.choice((1, 1, 2, 3))):
        data = damaged(data, chance)
    return data


@pytest.mark.parametrize("name", [ENCODER, STEP])
def test_graphs_are_read_as_protobuf_reads_them(exported_model, name):
    onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    original = (exported_model / name).read_bytes()
    start = original.rindex(b"graph") if b"graph" in original else 0
    accepted = 0
    for number in range(cases(400)):
        # Weights are most of the bytes; what follows them describes the graph.
        head, tail = original[:start], original[start:]
        data = head + changed(tail, number) if number % 2 else changed(original, number)
        try:
            check_graphs({name: data}, exported_model)
        except ModelError:
            continue
        accepted += 1
        graph = onnx.load_model_from_string(data)
        assert len(graph.SerializeToString()) == len(data), number
        operations = {node.op_type for node in nodes(graph.graph)}
        assert not operations & {"Loop", "If"}
    assert accepted


def nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from nodes(attribute.g)


def test_vocabularies_are_read_as_sentencepiece_reads_them():
    import sentencepiece as library

    original = tokenizer().data
    accepted = 0
    for number in range(cases(400)):
        data = changed(original, number)
        try:
            count = sentencepiece.check(data, "model")
        except ModelError:
            continue
        accepted += 1
        try:
            processor = library.SentencePieceProcessor(model_proto=data)
        except RuntimeError:
            continue  # It is refused in one line then.
        assert processor.get_piece_size() == count
        processor.encode("Der Hund läuft.")
    assert accepted


def test_headers_of_tensors_are_read_as_safetensors_reads_them(tmp_path):
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    other = {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}
    header = json.dumps({"__metadata__": {"a": "b"}, "one": entry, "two": other}).encode()
    path = tmp_path / "model.safetensors"
    accepted = 0
    for number in range(cases(600)):
        text = changed(header, number) if number else header
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(32))
        try:
            tensors = safetensors.read(path)
        except ModelError:
            continue
        try:
            with safe_open(path, framework="np") as file:
                shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except SafetensorError:
            continue  # It is refused in one line then.
        accepted += 1
        assert shapes == {name: tensor.shape for name, tensor in tensors.items()}
    assert accepted


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"I64","dtype":"F32","shape":[],"data_offsets":[0,4]}}',
        b'{"\\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
        b'\xef\xbb\xbf{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}x',
        b'{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"more":1}}',
        b'{"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}',
        b'{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],'
        b'"data_offsets":[0,4]}}',
        b"[" * 9000,
        b"{}",
        b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}',
    ],
)
def test_headers_that_readers_could_read_differently_are_refused(tmp_path, text):
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(ModelError, match="cannot be read: ") as caught:
        safetensors.read(path)
    assert "\n" not in str(caught.value)
