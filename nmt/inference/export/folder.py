"""The folder of an exported model: graphs, vocabulary, lexicon, description, and checksums."""

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
    check_graphs,
)
from nmt.runtime import atomic_files, checksums, staged_folder
from nmt.runtime.errors import NmtError


def write(
    folder: Path,
    graphs: Mapping[str, bytes],
    tokenizers: Tokenizers,
    description: Mapping[str, object],
    lexicon_data: bytes | None,
) -> None:
    """Write an exported model beside an older one, which it then replaces in one step.

    Args:
        folder: that `check_free` has checked; a link's folder is written.
        graphs: by file name, as `graph_files` returns them.
        tokenizers: of source and target.
        description: values of the description besides its format.
        lexicon_data: of the lexicon's file, for shortlists; None for a model without.

    Raises:
        LockedError: if another process writes the same export.
        ModelError: if a graph has what no exported model may have, as a class of yours may cause.
        NmtError: if it cannot be written; the older one is then unchanged.
    """
    check_graphs(graphs, folder)
    files = {
        DESCRIPTION: yaml.safe_dump({"format": FORMAT, **description}, sort_keys=False).encode(),
        **graphs,
        **tokenizers.files(),
        **({} if lexicon_data is None else {lexicon.NAME: lexicon_data}),
    }

    def fill(empty: Path) -> None:
        for name, data in files.items():
            atomic_files.write(empty / name, data)
        checksums.write_all(empty)

    staged_folder.replace(folder.resolve(), sum(map(len, files.values())), fill, "output")


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
    """Create a folder, and check that it holds nothing but an export, which may be replaced.

    Raises:
        NmtError: if it holds other files, or cannot be created or replaced.
    """
    atomic_files.make_folder(folder, "output")
    atomic_files.make_folder(folder.resolve().parent, "output")
    if folder.is_mount():
        raise NmtError(f"output={folder} is a mount point; expected a folder below one")
    names = {path.name for path in folder.iterdir() if path.suffix != ".part"}
    others = sorted(names - {checksums.NAME, *MAX_BYTES} if DESCRIPTION in names else names)
    if others:
        raise NmtError(
            f"output={folder} holds other files, as {others[0]}; expected a new folder, or one of"
            " an older export"
        )
