"""The folder of a saved model, looked at as a whole before any of it is used."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import config_sizes, config_values, files, lexicon, safetensors, sentencepiece
from nmt.inspection.files import shown
from nmt.inspection.safetensors import Shape
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError

FORMAT = 2
"""Of the folder; goes up when an older program could not read a newer folder."""

UNSUMMED = 1
"""The format before it, which has no sums of its files."""

WEIGHTS = files.TRAINED
CONFIGURATION = "config.yaml"
SCORES = "scores.json"

MOST = {
    WEIGHTS: files.memory(),
    CONFIGURATION: config_values.MOST_BYTES,
    SCORES: 1 << 20,
    sentencepiece.JOINT: sentencepiece.MOST_BYTES,
    sentencepiece.SOURCE: sentencepiece.MOST_BYTES,
    sentencepiece.TARGET: sentencepiece.MOST_BYTES,
    lexicon.NAME: lexicon.MOST_BYTES,
}
"""All files that a model may have, and their bytes; pieces are joint, or of source and target."""

MOST_SUMS = 1 << 13

KINDS = {"model": "translation model", "language_model": "language model"}
"""By the node of the configuration that describes it, what a folder can hold."""

COMMANDS = {"model": "train", "language_model": "train_language_model"}
"""What trains each of them."""

ANY = tuple(KINDS)


def inspect(folder: Path, kinds: Sequence[str], trust: Sequence[str]) -> dict[str, Any]:
    """Refuse a folder that is damaged, or may come from somebody who means harm.

    Nothing is executed, and nothing is held in memory but heads and small files.

    Args:
        folder: a run's.
        kinds: nodes of KINDS; the model must be one of these.
        trust: packages of the user whose classes it may name.

    Returns:
        The configuration.

    Raises:
        ModelError: names the file, what is wrong with it, and what to do.
    """
    _check_there(folder, kinds)
    _check_files(folder)
    config, where = _configuration(folder, kinds), str(folder / CONFIGURATION)
    node = next(node for node in kinds if node in config)
    config_values.check(config, trust, where)
    if not isinstance(config[node], dict):
        raise ModelError(f"{where} describes no {KINDS[node]}: {node} has no keys")
    found = safetensors.read(folder / WEIGHTS)
    if not counted(config):
        _check_types(folder / WEIGHTS, found)
    config_sizes.check_model(config[node], found, where)
    if "search" in config:
        config_sizes.check_search(config["search"], where)
    _check_vocabularies(folder, found)
    return config


def inspect_all(folders: Iterable[str], kinds: Sequence[str], trust: Sequence[str]) -> None:
    """Refuse what `inspect` refuses in any of several folders.

    Raises:
        ModelError: of the first of them.
    """
    for folder in folders:
        inspect(Path(folder), kinds, trust)


def kind(folder: Path) -> str:
    """Say which of KINDS a folder holds, without a look at more than its configuration.

    Raises:
        ModelError: if there is no model, or its configuration cannot be read.
    """
    _check_there(folder, ANY)
    config = _configuration(folder, ANY)
    return next(node for node in KINDS if node in config)


def counted(config: Mapping[str, Any]) -> bool:
    """Tell of a stored configuration whether its model was counted, and is no network."""
    return "language_model" in config and "estimator" in config["language_model"]


def _check_there(folder: Path, kinds: Sequence[str]) -> None:
    if not files.exists(folder / WEIGHTS):
        if files.exists(folder / files.EXPORTED):
            raise ModelError(
                f"{folder} holds an exported model, which nmt.translate runs with"
                " engine=onnxruntime; here expected is the folder of the training"
            )
        first, *others = (COMMANDS[node] for node in kinds)
        also = "".join(f" (or nmt.{other})" for other in others)
        raise ModelError(
            f"{folder} holds no trained model ({WEIGHTS} is missing); train one with:"
            f" python -m nmt.{first}{also} run={folder}"
        )


def _check_files(folder: Path) -> None:
    """Hold the files against their sums, where there are any."""
    there = _there(folder)
    if not files.exists(folder / checksums.NAME):
        return
    before, altered = None, [""]
    # Where a training writes this very moment, what was read is not what counts any more.
    while altered and before != (now := files.read(folder / checksums.NAME, MOST_SUMS)):
        before, named, there = now, checksums.read(folder), _there(folder)
        ours = [name for name in MOST if name in there or name in named]
        altered = checksums.altered(folder, {name: named.get(name, []) for name in ours})
        altered = altered if named else [checksums.NAME]
    for name in altered:
        _refuse_altered(folder, name, there)


def _there(folder: Path) -> list[str]:
    """Name a model's files that are there, each of them a file of a size that it may have."""
    there = [name for name in MOST if files.exists(folder / name)]
    for name in there:
        files.size(folder / name, MOST[name])
    return there


def _refuse_altered(folder: Path, name: str, there: Sequence[str]) -> NoReturn:
    if not files.exists(folder / name):
        raise ModelError(
            f"{folder / name} is missing, but {checksums.NAME} names it; copy it again"
        )
    raise ModelError(
        f"{folder / name} is not what it was when it was written: it was altered or cut off; copy"
        f" the folder again, or if you changed it yourself: cd {shlex.quote(str(folder))} &&"
        f" sha256sum {' '.join(there)} > {checksums.NAME}"
    )


def _configuration(folder: Path, kinds: Sequence[str]) -> dict[str, Any]:
    path = folder / CONFIGURATION
    config = config_values.read(path, MOST[CONFIGURATION])
    holds = [node for node in KINDS if node in config]
    if "format" not in config or len(holds) != 1:
        raise ModelError(f"{path} is no model's configuration: format, or the model, is missing")
    written = config["format"]
    if type(written) is not int or written not in (UNSUMMED, FORMAT):
        raise ModelError(
            f"{path} has format {shown(written)}, this program reads formats {UNSUMMED} and"
            f" {FORMAT}; use the version of nmt that wrote it"
        )
    if written == FORMAT and not files.exists(folder / checksums.NAME):
        raise ModelError(f"{folder / checksums.NAME} is missing; copy the model's folder again")
    if holds[0] not in kinds:
        raise ModelError(f"{folder} holds a {KINDS[holds[0]]}; expected a {KINDS[kinds[0]]}")
    return config


def _check_types(path: Path, found: Mapping[str, Shape]) -> None:
    for name, shape in found.items():
        if shape.kind != "F32":
            raise ModelError(
                f"{path}: {shown(name)} is of type {shape.kind}; the weights of a network are F32"
            )
        if 0 in shape.sizes:
            raise ModelError(f"{path}: {shown(name)} is empty; the weights of a network are not")


def _check_vocabularies(folder: Path, found: Mapping[str, Shape]) -> None:
    rows = {shape.sizes[0] for shape in found.values() if shape.sizes}
    two = files.exists(folder / sentencepiece.SOURCE)
    counts = []
    for name in (sentencepiece.SOURCE, sentencepiece.TARGET) if two else (sentencepiece.JOINT,):
        count = sentencepiece.read(folder / name)
        counts.append(count)
        if count not in rows:
            raise ModelError(
                f"{folder / name} has {count} pieces, but no tensor of {WEIGHTS} has as many rows;"
                " these are files of different models"
            )
    if files.exists(folder / lexicon.NAME):
        lexicon.check(folder / lexicon.NAME, counts[0], counts[-1])
