"""The folder of an exported model: graphs, vocabulary, lexicon, description, and checksums."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inference.export.number_formats.number_format import NumberFormat
from nmt.inference.export.shortlist import split
from nmt.inference.export.top_k import rank, rank_listed
from nmt.inference.export.trace import Graphs
from nmt.inspection import lexicon
from nmt.inspection.exported_folder import (
    COLUMNS,
    DESCRIPTION,
    ENCODER,
    FORMAT,
    LISTED,
    MAX_BYTES,
    STEP,
)
from nmt.runtime import atomic_files, checksums
from nmt.runtime.errors import NmtError


def write(
    folder: Path,
    graphs: Mapping[str, bytes],
    tokenizers: Tokenizers,
    description: Mapping[str, object],
    lexicon_data: bytes | None,
) -> None:
    """Write an exported model.

    Args:
        folder: created if it is missing; an older export there is replaced.
        graphs: by file name, as `graph_files` returns them.
        tokenizers: of source and target.
        description: values of the description besides its format.
        lexicon_data: of the lexicon's file, for shortlists; None for a model without.

    Raises:
        NmtError: if a file cannot be written.
    """
    files = {
        # First, so that an unfinished folder is known to be an export and may be replaced.
        DESCRIPTION: yaml.safe_dump({"format": FORMAT, **description}, sort_keys=False).encode(),
        **graphs,
        **tokenizers.files(),
        **({} if lexicon_data is None else {lexicon.NAME: lexicon_data}),
    }
    for name, data in files.items():
        atomic_files.write(folder / name, data)
    for name in MAX_BYTES.keys() - files.keys():
        (folder / name).unlink(missing_ok=True)
    checksums.write(
        folder, {name: [hashlib.sha256(data).hexdigest()] for name, data in files.items()}
    )


def graph_files(graphs: Graphs, target_pieces: int, numbers: NumberFormat) -> dict[str, bytes]:
    """Return the graphs of an exported model by file name, each serialized.

    Args:
        graphs: traced; they are modified.
        target_pieces: size of the target vocabulary.
        numbers: number format in which the graphs compute.
    """
    step = numbers(graphs.step)
    columns, listed = split(step, target_pieces)
    rank(step)
    rank_listed(listed)
    files = {ENCODER: numbers(graphs.encoder), STEP: step, COLUMNS: columns, LISTED: listed}
    return {name: graph.SerializeToString() for name, graph in files.items()}


def check_free(folder: Path) -> None:
    """Create a folder, and check that it holds nothing but an export.

    Raises:
        NmtError: if it holds other files, or cannot be created.
    """
    atomic_files.make_folder(folder, "output")
    others = any(path.suffix != ".part" for path in folder.iterdir())
    if others and not (folder / DESCRIPTION).exists():
        raise NmtError(
            f"output={folder} holds other files; expected a new folder, or one of an older export"
        )
