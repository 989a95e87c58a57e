"""The header of a model's translation lexicon, compared with the vocabularies."""

from pathlib import Path
from typing import NoReturn

from nmt.inspection import safetensors
from nmt.runtime.errors import ModelError

NAME = "lexicon.safetensors"
TRANSLATIONS = "translations"
FREQUENT = "frequent"
MAX_BYTES = 1 << 28
SPECIAL_PIECES = 4
"""Pieces that no lexicon lists: `nmt.data.special_ids.SPECIAL`, in a package above this one."""


def check(path: Path, source_pieces: int, target_pieces: int) -> None:
    """Check names, dtypes and shapes of the tensors.

    Raises:
        ModelError: if it is no lexicon, or one of other vocabularies.
    """
    tensors = safetensors.read(path)
    dtypes = {tensor.dtype for tensor in tensors.values()}
    if set(tensors) != {TRANSLATIONS, FREQUENT} or dtypes != {"I64"}:
        _refuse(path, f"expected {TRANSLATIONS} and {FREQUENT}, of dtype I64")
    translations, frequent = tensors[TRANSLATIONS].shape, tensors[FREQUENT].shape
    if len(translations) != 2 or translations[0] != source_pieces:
        _refuse(path, f"expected {TRANSLATIONS} for {source_pieces} source pieces")
    if list(frequent) != [target_pieces - SPECIAL_PIECES]:
        _refuse(path, f"expected {FREQUENT} of {target_pieces - SPECIAL_PIECES} target pieces")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ModelError(f"{path} is not this model's lexicon: {reason}; copy the model's folder again")
