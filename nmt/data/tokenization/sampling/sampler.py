"""The contract of a sampler of segmentations, and the pieces of a model that it needs.

SentencePiece samples too, but seeds its generator with the process id as well (version 0.2.3), so
that a resumed training would see other pieces than an uninterrupted one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import UNKNOWN
from nmt.inspection.protobuf import fields
from nmt.inspection.sentencepiece import MODEL, PIECE, TRAINER

SPACE = "▁"
NORMAL, USER_DEFINED, BYTE = 1, 4, 6  # values of ModelProto.SentencePiece.Type
UNIGRAM, BPE = 1, 2  # values of TrainerSpec.ModelType


@dataclass(frozen=True)
class Inventory:
    """The pieces of a SentencePiece model.

    Attributes:
        ids: of the normal pieces.
        scores: of each id: the natural logarithm of a unigram piece's probability, or the priority
            of a BPE piece's merge; higher is better.
        symbols: ids of the user-defined pieces, which are never split.
        byte_ids: ids of the 256 bytes; empty if unknown characters are UNKNOWN.
        is_bpe: whether the method is BPE, not unigram.
    """

    ids: Mapping[str, int]
    scores: Sequence[float]
    symbols: Mapping[str, int]
    byte_ids: tuple[int, ...]
    is_bpe: bool

    @classmethod
    def read(cls, data: bytes) -> "Inventory":
        """Parse a model file (protocol buffer `ModelProto`: 1 pieces, 2 trainer settings)."""
        pieces = []
        method = UNIGRAM
        for number, value in fields(data, MODEL):
            if number == 1:
                piece = dict(fields(value, PIECE))
                pieces.append((piece[1].decode("utf-8"), piece.get(2, 0.0), piece.get(3, NORMAL)))
            elif number == 2:
                method = dict(fields(value, TRAINER)).get(3, UNIGRAM)
        by_type = {
            wanted: {piece: id_ for id_, (piece, _, type_) in enumerate(pieces) if type_ == wanted}
            for wanted in (NORMAL, USER_DEFINED, BYTE)
        }
        scores = [score for _, score, _ in pieces]
        byte_ids = tuple(by_type[BYTE][f"<0x{byte:02X}>"] for byte in range(256) if by_type[BYTE])
        return cls(by_type[NORMAL], scores, by_type[USER_DEFINED], byte_ids, method == BPE)


@runtime_checkable
class Sampler(Protocol):
    """Samples segmentations of words; a word is text between spaces, with SPACE before it."""

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Sample the ids of each word; characters without a piece are UNKNOWN, or bytes."""
        ...


def unknown(character: str, inventory: Inventory) -> list[int]:
    """Return the ids of a character without a piece: its bytes if there are any, or UNKNOWN."""
    if not inventory.byte_ids:
        return [UNKNOWN]
    return [inventory.byte_ids[byte] for byte in character.encode("utf-8")]
