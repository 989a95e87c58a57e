"""The folder of an exported model: graphs, vocabulary, lexicon, a description, and their sums."""

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
    described: Mapping[str, object],
    learnt: bytes | None,
) -> None:
    """Write a model's graphs.

    Args:
        folder: made when missing; an older export there is replaced.
        graphs: by file name, as `graph_files` returns them.
        tokenizers: of source and target.
        described: what else the description shall say.
        learnt: the bytes of the lexicon's file, for shortlists; None for a model without.

    Raises:
        NmtError: if a file cannot be written.
    """
    files = {
        # First, as it says of a folder that was left unfinished whose it is.
        DESCRIPTION: yaml.safe_dump({"format": FORMAT, **described}, sort_keys=False).encode(),
        **graphs,
        **tokenizers.files(),
        **({} if learnt is None else {lexicon.NAME: learnt}),
    }
    for name, data in files.items():
        atomic_files.write(folder / name, data)
    for name in MAX_BYTES.keys() - files.keys():
        (folder / name).unlink(missing_ok=True)
    checksums.write(
        folder, {name: [hashlib.sha256(data).hexdigest()] for name, data in files.items()}
    )


def graph_files(graphs: Graphs, target_pieces: int, numbers: NumberFormat) -> dict[str, bytes]:
    """Return the files of traced graphs, which are altered: the step over all pieces and over some.

    Args:
        graphs: of a model in evaluation mode.
        target_pieces: size of the target vocabulary.
        numbers: the format in which the graphs compute.
    """
    step = numbers(graphs.step)
    columns, listed = split(step, target_pieces)
    rank(step)
    rank_listed(listed)
    all_four = {ENCODER: numbers(graphs.encoder), STEP: step, COLUMNS: columns, LISTED: listed}
    return {name: graph.SerializeToString() for name, graph in all_four.items()}


def check_free(folder: Path) -> None:
    """Make a folder, before the work; refuse one that holds anything but an export.

    Raises:
        NmtError: names the folder.
    """
    atomic_files.make_folder(folder, "output")
    others = any(path.suffix != ".part" for path in folder.iterdir())
    if others and not (folder / DESCRIPTION).exists():
        raise NmtError(
            f"output={folder} holds other files; expected a folder that is new, or of an older"
            " export"
        )
