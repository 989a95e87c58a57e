"""SentencePiece model files: all of one that its C++ would take on trust is looked at first.

The file is a protocol buffer `ModelProto`: 1 pieces (1 text, 2 score, 3 type), 2 what it was
trained by, 3 how text is normalised, 4 a test of itself, 5 how text is made of normalised text.
"""

import math
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from nmt.inspection import files
from nmt.inspection.protobuf import Value, fields
from nmt.runtime.errors import ModelError

JOINT = "sentencepiece.model"
SOURCE = "sentencepiece.source.model"
TARGET = "sentencepiece.target.model"

MOST_BYTES = 1 << 26
MOST_PIECES = 1_000_000
MOST_PIECE = 1000  # bytes of a piece
MOST_LONGER = 200  # bytes that a character is normalised to; Unicode has 33 at most

TYPES = range(1, 7)
NORMAL, BYTE = 1, 6
METHODS = (1, 2)  # unigram, BPE
BLOCK = 1024  # bytes of 256 units
MODEL_TYPE = 3  # field of what it was trained by
CHARACTERS = 2  # field of how text is normalised: the compiled map of characters
LEAF, VALUE = 1 << 8, 1 << 31  # bits of a unit of its trie
LINE_END = re.compile("[\0\n\r]")


def read(path: Path) -> int:
    """Look at a model file, and give the number of its pieces.

    Raises:
        ModelError: if it is missing, no model, or damaged; names it.
    """
    return check(files.read(path, MOST_BYTES), str(path))


def check(data: bytes, name: str) -> int:
    """Look at the bytes of a model file, and give the number of its pieces.

    Args:
        data: of the file.
        name: what to call it in messages.

    Raises:
        ModelError: if it is no model, or damaged.
    """
    try:
        return _count(data)
    except (ValueError, IndexError, struct.error) as error:
        raise ModelError(f"{name} is not a SentencePiece model, or is damaged: {error}") from error


@lru_cache(maxsize=4)
def _count(data: bytes) -> int:
    # Remembered, as a model is looked at by the command, when it is loaded, and as a tokenizer.
    pieces: list[bytes] = []
    kinds = []
    for number, value in fields(data):
        if number == 1:
            piece, kind = _piece(_message(value))
            pieces.append(piece)
            kinds.append(kind)
        elif number == 2:
            _check_training(_message(value))
        elif number in (3, 5):
            _check_normalization(_message(value))
        else:
            _refuse(f"it has the field {number}")
    _check_pieces(pieces, kinds)
    return len(pieces)


def _piece(data: bytes) -> tuple[bytes, int]:
    """Give text and type of a piece."""
    text, score, kind = b"", 0.0, NORMAL
    for number, value in fields(data):
        if number == 1:
            text = _message(value)
        elif number == 2 and isinstance(value, float):
            score = value
        elif number == 3 and isinstance(value, int):
            kind = value
        else:
            _refuse(f"a piece has the field {number}")
    if not 0 < len(text) <= MOST_PIECE or LINE_END.search(text.decode("utf-8")):
        _refuse(f"{text[:20]!r} can be no piece")
    if not math.isfinite(score) or kind not in TYPES:
        _refuse(f"the piece {text[:20]!r} has a score or a type that there is not")
    return text, kind


def _check_pieces(pieces: list[bytes], kinds: list[int]) -> None:
    if not 0 < len(pieces) <= MOST_PIECES:
        _refuse(f"it has {len(pieces)} pieces")
    if len(set(pieces)) != len(pieces):
        _refuse("a piece stands there twice")
    spelt = {piece for piece, kind in zip(pieces, kinds, strict=True) if kind == BYTE}
    if spelt and spelt != {b"<0x%02X>" % byte for byte in range(256)}:
        _refuse(f"it has {len(spelt)} bytes; expected all 256 or none")


def _check_training(data: bytes) -> None:
    method: Value = METHODS[0]
    for number, value in fields(data):
        if number == MODEL_TYPE:
            method = value
        elif isinstance(value, bytes):
            value.decode("utf-8")
    if method not in METHODS:
        _refuse(f"its pieces are of the method {method!r}; expected unigram or BPE")


def _check_normalization(data: bytes) -> None:
    for number, value in fields(data):
        if number == CHARACTERS and value:
            _check_characters(_message(value))


def _check_characters(data: bytes) -> None:
    """Look at the map of characters, which is walked without a look at its bounds.

    It has the bytes of a trie, the trie (a double array of units of 32 bits, of which each says
    by an offset where the next ones are), and texts that end in NUL. A step from unit `i` over
    byte `b` reads unit `i ^ offset ^ b`. Units come in blocks of 256, so what `b` is does not
    matter for whether that is in the array.
    """
    (size,) = struct.unpack_from("<I", data)
    if size % BLOCK or not 0 < size <= len(data) - 4:
        _refuse("its map of characters was cut off")
    units = struct.unpack_from(f"<{size // 4}I", data, 4)
    texts = data[4 + size :]
    if max(map(len, texts.split(b"\0"))) > MOST_LONGER or not texts.endswith(b"\0"):
        _refuse("its map of characters has a text that is too long")
    texts.decode("utf-8")
    for place, unit in enumerate(units):
        if unit >= VALUE:
            continue
        there = place ^ (unit >> 10 << ((unit & 512) >> 6))
        if there >= len(units):
            _refuse("its map of characters leads out of it")
        if unit & LEAF:
            start = units[there] & (VALUE - 1)
            if start >= len(texts) or (start and texts[start - 1]):
                _refuse("its map of characters names a text that is not there")


def _message(value: Value) -> bytes:
    if not isinstance(value, bytes):
        _refuse("a field has a number where text is expected")
    return value


def _refuse(why: str) -> NoReturn:
    raise ValueError(why)
