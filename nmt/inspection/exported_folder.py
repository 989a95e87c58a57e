"""The folder of an exported model, looked at as a whole before any of it is used."""

from pathlib import Path

from nmt.inspection import config_values, files, lexicon, onnx_graphs, sentencepiece
from nmt.inspection.files import shown
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError

FORMAT = 1
"""Of the folder; goes up when an older program could not read a newer folder."""

ENCODER = "encoder.onnx"
STEP = files.EXPORTED
COLUMNS = "columns.onnx"
LISTED = "step_listed.onnx"
DESCRIPTION = "export.yaml"

MOST = {
    ENCODER: min(files.memory(), 1 << 31),  # no protocol buffer is larger
    STEP: min(files.memory(), 1 << 31),
    COLUMNS: min(files.memory(), 1 << 31),
    LISTED: min(files.memory(), 1 << 31),
    DESCRIPTION: config_values.MOST_BYTES,
    lexicon.NAME: lexicon.MOST_BYTES,
    sentencepiece.JOINT: sentencepiece.MOST_BYTES,
    sentencepiece.SOURCE: sentencepiece.MOST_BYTES,
    sentencepiece.TARGET: sentencepiece.MOST_BYTES,
}
"""All files that an exported model may have, and their bytes."""

MOST_SUMS = 1 << 13


def inspect(folder: Path) -> dict[str, bytes]:
    """Refuse a folder that is damaged, or may come from somebody who means harm.

    Returns:
        The bytes of the graphs, which were looked at.

    Raises:
        ModelError: names the file, what is wrong with it, and what to do.
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
    _check_sums(folder)
    described = config_values.read(folder / DESCRIPTION, MOST[DESCRIPTION])
    if described.get("format") != FORMAT:
        raise ModelError(
            f"{folder / DESCRIPTION} has format {shown(described.get('format'))}, this program"
            f" reads format {FORMAT}; export the model again"
        )
    names = (ENCODER, STEP, COLUMNS, LISTED)
    return {name: onnx_graphs.check(folder / name, MOST[name]) for name in names}


def _check_sums(folder: Path) -> None:
    there = [name for name in MOST if files.exists(folder / name)]
    for name in there:
        files.size(folder / name, MOST[name])
    if not files.exists(folder / checksums.NAME):
        raise ModelError(f"{folder / checksums.NAME} is missing; copy the model's folder again")
    files.size(folder / checksums.NAME, MOST_SUMS)
    named = checksums.read(folder)
    ours = {name: named.get(name, []) for name in MOST if name in there or name in named}
    for name in checksums.altered(folder, ours) if named else [checksums.NAME]:
        raise ModelError(
            f"{folder / name} is not what it was when it was written: it was altered or cut off;"
            " copy the folder again, or export the model again"
        )
