"""The folder of an exported model, checked as a whole before any of it is used."""

from collections.abc import Mapping
from pathlib import Path

from nmt.inspection import config_values, files, lexicon, onnx_graphs, sentencepiece
from nmt.inspection.files import quote
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError

FORMAT = 1
"""Of the folder; raised whenever folders of one version cannot be read by another."""

ENCODER = "encoder.onnx"
STEP = files.EXPORTED
COLUMNS = "columns.onnx"
LISTED = "step_listed.onnx"
DESCRIPTION = "export.yaml"

GRAPHS = (ENCODER, STEP, COLUMNS, LISTED)

MAX_BYTES = {
    **dict.fromkeys(GRAPHS, min(files.memory(), 1 << 31)),  # no protocol buffer is larger
    DESCRIPTION: config_values.MAX_BYTES,
    lexicon.NAME: lexicon.MAX_BYTES,
    sentencepiece.JOINT: sentencepiece.MAX_BYTES,
    sentencepiece.SOURCE: sentencepiece.MAX_BYTES,
    sentencepiece.TARGET: sentencepiece.MAX_BYTES,
}
"""All files that an exported model may have, with their sizes."""

MAX_CHECKSUMS = 1 << 13


def inspect(folder: Path) -> dict[str, bytes]:
    """Check a folder that may be damaged, or made by somebody who means harm.

    Returns:
        The bytes of the graphs that were checked, by file name.

    Raises:
        ModelError: naming the file, what is wrong with it, and what to do.
    """
    if not files.exists(folder / STEP):
        if files.exists(folder / files.TRAINED):
            raise ModelError(
                f"{folder} holds a trained model, none that was exported; leave engine= out, or"
                f" export it: python -m nmt.export run={folder} output=FOLDER"
            )
        raise ModelError(
            f"{folder} holds no exported model ({STEP} is missing); write one with:"
            f" python -m nmt.export run=RUN output={folder}"
        )
    _check_files(folder)
    description = config_values.read(folder / DESCRIPTION, MAX_BYTES[DESCRIPTION])
    if description.get("format") != FORMAT:
        raise ModelError(
            f"{folder / DESCRIPTION} has format {quote(description.get('format'))}, this program"
            f" reads format {FORMAT}; export the model again with this version, or use the version"
            " of nmt that wrote it"
        )
    graphs = {name: files.read(folder / name, MAX_BYTES[name]) for name in GRAPHS}
    check_graphs(graphs, folder)
    return graphs


def check_graphs(graphs: Mapping[str, bytes], folder: Path) -> None:
    """Check the graphs of an exported model.

    Args:
        graphs: by file name.
        folder: of the files, for messages.

    Raises:
        ModelError: naming the file, and what is wrong with it.
    """
    for name, data in graphs.items():
        encodes = name == ENCODER
        allowed = onnx_graphs.ENCODER_OPERATIONS if encodes else onnx_graphs.OPERATIONS
        onnx_graphs.check(data, str(folder / name), allowed)


def _check_files(folder: Path) -> None:
    """Check types, sizes and checksums of the files."""
    existing = [name for name in MAX_BYTES if files.exists(folder / name)]
    for name in existing:
        files.size(folder / name, MAX_BYTES[name])
    if not files.exists(folder / checksums.NAME):
        raise ModelError(f"{folder / checksums.NAME} is missing; copy the model's folder again")
    files.size(folder / checksums.NAME, MAX_CHECKSUMS)
    recorded = checksums.read(folder)
    names = [name for name in MAX_BYTES if name in existing or name in recorded]
    expected = {name: recorded.get(name, []) for name in names}
    for name in checksums.altered(folder, expected) if recorded else [checksums.NAME]:
        raise ModelError(
            f"{folder / name} is not what it was when it was written: it was altered or truncated;"
            " copy the folder again, or export the model again"
        )
