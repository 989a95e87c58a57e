import struct

import pytest

from nmt.inspection import sentencepiece
from nmt.runtime.errors import ModelError


def field(number, data):
    length = len(data)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + data


def piece(text, score=0.0, kind=1):
    return field(1, field(1, text) + b"\x15" + struct.pack("<f", score) + bytes([24, kind]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it has 0 pieces"),
        (b"nonsense", "no field starts before byte"),
        (piece(b"a")[:-3], "it is truncated"),
        (piece(b"a") + b"\x0a", "is not a SentencePiece model"),
        (piece(b"a") + b"\x08" + b"\xff" * 10, "no number ends at byte"),
        (piece(b"a") * 2, "a piece occurs twice"),
        (piece(b""), "b'' is not a valid piece"),
        (piece(b"a\nb"), r"b'a\nb' is not a valid piece"),
        (piece(b"a\0b"), "is not a valid piece"),
        (piece(b"\xff"), "can't decode byte 0xff"),
        (piece(b"a", float("nan")), "the piece b'a' has an invalid score or type"),
        (piece(b"a", kind=9), "has an invalid score or type"),
        (piece(b"<0x00>", kind=6), "it has pieces of 1 bytes; expected all 256 or none"),
        (
            piece(b"a") + field(2, b"\x18\x04"),
            "its model type is 4; expected 1 (unigram) or 2 (BPE)",
        ),
        (piece(b"a") + field(2, field(3, b"a")), "its model type is b'a'"),
        (piece(b"a") + field(4, b"a"), "has the field 4"),
        (piece(b"a") + field(3, field(2, b"abcd")), "its character map is truncated"),
    ],
)
def test_data_that_is_not_a_model_is_refused(data, message):
    with pytest.raises(ModelError, match="x is not a SentencePiece model, or is damaged") as caught:
        sentencepiece.check(data, "x")
    assert message in str(caught.value)


def with_character_map(units, texts):
    """Return a model whose character map has these units, and zeros to fill a block."""
    trie = struct.pack(f"<{len(units)}I", *units) + bytes(1024 - 4 * len(units))
    return piece(b"a") + field(3, field(2, struct.pack("<I", 1024) + trie + texts))


@pytest.mark.parametrize(
    ("units", "texts", "message"),
    [
        ([1 << 10], b"\0", None),
        ([(256 << 10)], b"\0", "points outside itself"),
        ([(1 << 10) | 512], b"\0", "points outside itself"),
        ([(1 << 10) | 256, 1 << 31], b"\0", None),
        ([(1 << 10) | 256, 1 << 31 | 1], b"\0", "points to a text that does not exist"),
        ([(1 << 10) | 256, 1 << 31 | 2], b"ab\0", "points to a text that does not exist"),
        ([0], b"a", "has a text that is too long"),
        ([0], b"a" * 300 + b"\0", "has a text that is too long"),
        ([0], b"\xff\0", "can't decode byte"),
    ],
)
def test_a_character_map_that_points_outside_itself_is_refused(units, texts, message):
    if message is None:
        assert sentencepiece.check(with_character_map(units, texts), "x") == 1
        return
    with pytest.raises(ModelError, match="x is not a SentencePiece model") as caught:
        sentencepiece.check(with_character_map(units, texts), "x")
    assert message in str(caught.value)
