"""The folder of an exported model: two graphs, the vocabulary, a description, and their sums."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from nmt import atomic, sums
from nmt.errors import NmtError
from nmt.exporting.formats.format import Format
from nmt.exporting.ranking import rank
from nmt.exporting.trace import trace
from nmt.strangers.exported import DESCRIPTION, ENCODER, FORMAT, STEP
from nmt.tokenizer import Tokenizers
from nmt.translation_model import TranslationModel


def write(
    folder: Path,
    model: TranslationModel,
    tokenizers: Tokenizers,
    numbers: Format,
    described: Mapping[str, object],
) -> None:
    """Write a model's graphs.

    Args:
        folder: made when missing; an older export there is replaced.
        model: at rest.
        tokenizers: of source and target.
        numbers: in which the graphs compute.
        described: what else the description shall say.

    Raises:
        ModelError: if the model has no counterpart in ONNX.
        NmtError: if a file cannot be written.
    """
    graphs = trace(model)
    rank(graphs.step)
    files = {
        ENCODER: numbers(graphs.encoder).SerializeToString(),
        STEP: numbers(graphs.step).SerializeToString(),
        DESCRIPTION: yaml.safe_dump({"format": FORMAT, **described}, sort_keys=False).encode(),
        **tokenizers.files(),
    }
    for name, data in files.items():
        atomic.write(folder / name, data)
    sums.record(folder, {name: [hashlib.sha256(data).hexdigest()] for name, data in files.items()})


def check_free(folder: Path) -> None:
    """Refuse, before the work, a folder that holds anything but an export.

    Raises:
        NmtError: names the folder.
    """
    if folder.exists() and not folder.is_dir():
        raise NmtError(f"output={folder} is a file; expected a folder, new or of an older export")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DESCRIPTION).exists():
        raise NmtError(
            f"output={folder} holds other files; expected a folder that is new, or of an older"
            " export"
        )
