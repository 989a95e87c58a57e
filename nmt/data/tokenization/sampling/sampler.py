"""The contract of a sampler, and the pieces of a SentencePiece model as it sees them.

SentencePiece draws by itself too, but mixes its seed with a number of the process (version
0.2.3), so that a resumed training would see other pieces than an uninterrupted one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import UNKNOWN
from nmt.inspection.protobuf import fields

SPACE = "▁"
NORMAL, USER_DEFINED, BYTE = 1, 4, 6  # values of ModelProto.SentencePiece.Type
BPE = 2  # value of TrainerSpec.ModelType; 1 is unigram


@dataclass(frozen=True)
class Inventory:
    """What a SentencePiece model file says of its pieces.

    Attributes:
        ids: the pieces that text is cut into, with their ids.
        scores: for each id: of a unigram piece the natural logarithm of its probability, of a
            merged piece how early it is merged; higher is better.
        symbols: pieces that the user defined, which are never cut, with their ids.
        byte_ids: the ids of the 256 bytes; empty where unknown characters are UNKNOWN.
        merged: whether pieces are made by merging (BPE) or chosen by probability (unigram).
    """

    ids: Mapping[str, int]
    scores: Sequence[float]
    symbols: Mapping[str, int]
    byte_ids: tuple[int, ...]
    merged: bool

    @classmethod
    def read(cls, data: bytes) -> "Inventory":
        """Read a model file (protocol buffer `ModelProto`: 1 pieces, 2 what it was trained by)."""
        pieces = []
        model_type = 1
        for number, value in fields(data):
            if number == 1:
                piece = dict(fields(value))
                pieces.append((piece[1].decode("utf-8"), piece.get(2, 0.0), piece.get(3, NORMAL)))
            elif number == 2:
                model_type = dict(fields(value)).get(3, 1)
        kinds = {
            wanted: {
                piece: number for number, (piece, _, kind) in enumerate(pieces) if kind == wanted
            }
            for wanted in (NORMAL, USER_DEFINED, BYTE)
        }
        scores = [score for _, score, _ in pieces]
        byte_ids = tuple(kinds[BYTE][f"<0x{byte:02X}>"] for byte in range(256) if kinds[BYTE])
        return cls(kinds[NORMAL], scores, kinds[USER_DEFINED], byte_ids, model_type == BPE)


@runtime_checkable
class Sampler(Protocol):
    """Cuts words at random; a word is what stands between spaces, its SPACE before it."""

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Draw the ids of each word; characters without a piece are UNKNOWN, or bytes."""
        ...


def unknown(character: str, inventory: Inventory) -> list[int]:
    """Spell a character that no piece stands for: its bytes, or UNKNOWN where there are none."""
    if not inventory.byte_ids:
        return [UNKNOWN]
    return [inventory.byte_ids[byte] for byte in character.encode("utf-8")]
