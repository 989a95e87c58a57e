"""A model's lexicon, of which its head is looked at before numbers are read."""

from pathlib import Path
from typing import NoReturn

from nmt.inspection import safetensors
from nmt.runtime.errors import ModelError

NAME = "lexicon.safetensors"
TRANSLATIONS = "translations"
FREQUENT = "frequent"
MOST_BYTES = 1 << 28
SPECIAL_PIECES = 4
"""Pieces that no lexicon lists: `nmt.data.special_ids.SPECIAL`, which lies above this package."""


def check(path: Path, source_pieces: int, target_pieces: int) -> None:
    """Hold names, types and sizes against the vocabularies.

    Raises:
        ModelError: if it is no lexicon, or one of other vocabularies; names the file.
    """
    found = safetensors.read(path)
    if set(found) != {TRANSLATIONS, FREQUENT} or {one.kind for one in found.values()} != {"I64"}:
        _refuse(path, f"expected {TRANSLATIONS} and {FREQUENT}, of type I64")
    translations, frequent = found[TRANSLATIONS].sizes, found[FREQUENT].sizes
    if len(translations) != 2 or translations[0] != source_pieces:
        _refuse(path, f"expected {TRANSLATIONS} for {source_pieces} source pieces")
    if list(frequent) != [target_pieces - SPECIAL_PIECES]:
        _refuse(path, f"expected {FREQUENT} of {target_pieces - SPECIAL_PIECES} target pieces")


def _refuse(path: Path, why: str) -> NoReturn:
    raise ModelError(f"{path} is not this model's lexicon: {why}; copy the model's folder again")
