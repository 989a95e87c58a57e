"""SentencePiece model files: whatever its C++ library would use without a check.

The file is a protocol buffer `ModelProto`: 1 pieces (1 text, 2 score, 3 type), 2 the trainer's
settings, 3 the normalizer, 4 a self-test, 5 the denormalizer.
"""

import math
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from nmt.inspection import files
from nmt.inspection.protobuf import ANY, BYTES, ENUM, FLOAT, MANY, OTHERS, Value, fields
from nmt.runtime.errors import ModelError

JOINT = "sentencepiece.model"
SOURCE = "sentencepiece.source.model"
TARGET = "sentencepiece.target.model"

MAX_BYTES = 1 << 26
MAX_PIECES = 1_000_000
MAX_PIECE = 1000  # bytes of a piece
MAX_REPLACEMENT = 200  # bytes that a character is normalized to; Unicode has 33 at most

TYPES = range(1, 7)
NORMAL, BYTE = 1, 6
MODEL_TYPES = (1, 2)  # unigram, BPE
BLOCK = 1024  # bytes of 256 units
MODEL_TYPE = 3  # field of the trainer's settings
CHARACTER_MAP = 2  # field of a normalizer
LEAF, VALUE = 1 << 8, 1 << 31  # bits of a unit of the map's trie
LINE_END = re.compile("[\0\n\r]")

MODEL = {1: BYTES + MANY, 2: BYTES, 3: BYTES, 5: BYTES}
PIECE = {1: BYTES, 2: FLOAT, 3: ENUM}
TRAINER = {MODEL_TYPE: ANY, OTHERS: ANY + MANY}
NORMALIZER = {CHARACTER_MAP: BYTES, OTHERS: ANY + MANY}
"""The fields of the file's messages; of settings only those that are looked at."""


def read(path: Path) -> int:
    """Check a model file, and return the number of its pieces.

    Raises:
        ModelError: if it is missing, not a model, or damaged.
    """
    return check(files.read(path, MAX_BYTES), str(path))


def check(data: bytes, name: str) -> int:
    """Check the bytes of a model file, and return the number of its pieces.

    Args:
        data: of the file.
        name: of the file, for messages.

    Raises:
        ModelError: if it is not a model, or damaged.
    """
    try:
        return _count(data)
    except (ValueError, IndexError, struct.error) as error:
        raise ModelError(f"{name} is not a SentencePiece model, or is damaged: {error}") from error


@lru_cache(maxsize=4)
def _count(data: bytes) -> int:
    # Cached, as the command, the loaded model and the tokenizer each check the same file.
    pieces: list[bytes] = []
    types = []
    for number, value in fields(data, MODEL):
        if number == 1:
            piece, type_ = _piece(_bytes(value))
            pieces.append(piece)
            types.append(type_)
        elif number == 2:
            _check_trainer(_bytes(value))
        else:
            _check_normalizer(_bytes(value))
    _check_pieces(pieces, types)
    return len(pieces)


def _piece(data: bytes) -> tuple[bytes, int]:
    """Return text and type of a piece."""
    text, score, type_ = b"", 0.0, NORMAL
    for number, value in fields(data, PIECE):
        if number == 1:
            text = _bytes(value)
        elif number == 2:
            score = value
        else:
            type_ = value
    if not 0 < len(text) <= MAX_PIECE or LINE_END.search(text.decode("utf-8")):
        _refuse(f"{text[:20]!r} is not a valid piece")
    if not math.isfinite(score) or type_ not in TYPES:
        _refuse(f"the piece {text[:20]!r} has an invalid score or type")
    return text, type_


def _check_pieces(pieces: list[bytes], types: list[int]) -> None:
    if not 0 < len(pieces) <= MAX_PIECES:
        _refuse(f"it has {len(pieces)} pieces")
    if len(set(pieces)) != len(pieces):
        _refuse("a piece occurs twice")
    byte_pieces = {piece for piece, type_ in zip(pieces, types, strict=True) if type_ == BYTE}
    if byte_pieces and byte_pieces != {b"<0x%02X>" % byte for byte in range(256)}:
        _refuse(f"it has pieces of {len(byte_pieces)} bytes; expected all 256 or none")


def _check_trainer(data: bytes) -> None:
    model_type: Value = MODEL_TYPES[0]
    for number, value in fields(data, TRAINER):
        if number == MODEL_TYPE:
            model_type = value
        elif isinstance(value, bytes):
            value.decode("utf-8")
    if model_type not in MODEL_TYPES:
        _refuse(f"its model type is {model_type!r}; expected 1 (unigram) or 2 (BPE)")


def _check_normalizer(data: bytes) -> None:
    for number, value in fields(data, NORMALIZER):
        if number == CHARACTER_MAP and value:
            _check_character_map(_bytes(value))


def _check_character_map(data: bytes) -> None:
    """Check that all offsets of a character map stay within it, as the library does not.

    It has the size of a trie in bytes, the trie (a double array of units of 32 bits, each with an
    offset to the next ones), and texts that end in NUL. A step from unit `i` over byte `b` reads
    unit `i ^ offset ^ b`. Units come in blocks of 256, so whether that is within the array does
    not depend on `b`.
    """
    (size,) = struct.unpack_from("<I", data)
    if size % BLOCK or not 0 < size <= len(data) - 4:
        _refuse("its character map is truncated")
    units = struct.unpack_from(f"<{size // 4}I", data, 4)
    texts = data[4 + size :]
    if max(map(len, texts.split(b"\0"))) > MAX_REPLACEMENT or not texts.endswith(b"\0"):
        _refuse("its character map has a text that is too long")
    texts.decode("utf-8")
    for index, unit in enumerate(units):
        if unit >= VALUE:
            continue
        target = index ^ (unit >> 10 << ((unit & 512) >> 6))
        if target >= len(units):
            _refuse("its character map points outside itself")
        if unit & LEAF:
            start = units[target] & (VALUE - 1)
            if start >= len(texts) or (start and texts[start - 1]):
                _refuse("its character map points to a text that does not exist")


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        _refuse("a field has a number where bytes are expected")
    return value


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)
