"""The folder of a saved model, checked as a whole before any of it is used."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import config_sizes, config_values, files, lexicon, safetensors, sentencepiece
from nmt.inspection.files import quote
from nmt.inspection.safetensors import TensorInfo
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError

FORMAT = 3
"""Of the folder; raised whenever folders of one version cannot be read by another."""

WEIGHTS = files.TRAINED
CONFIGURATION = "config.yaml"
SCORES = "scores.json"

MAX_BYTES = {
    WEIGHTS: files.memory(),
    CONFIGURATION: config_values.MAX_BYTES,
    SCORES: 1 << 20,
    sentencepiece.JOINT: sentencepiece.MAX_BYTES,
    sentencepiece.SOURCE: sentencepiece.MAX_BYTES,
    sentencepiece.TARGET: sentencepiece.MAX_BYTES,
    lexicon.NAME: lexicon.MAX_BYTES,
}
"""All files that a model may have, with their sizes; vocabularies are joint or separate."""

MAX_CHECKSUMS = 1 << 13

KINDS = {"model": "translation model", "language_model": "language model"}
"""The kinds of models, by the key of the configuration that describes them."""

COMMANDS = {"model": "train", "language_model": "train_language_model"}
"""The command that trains each of them."""

ANY = tuple(KINDS)


@dataclass(frozen=True)
class InspectedModel:
    """The folder of a saved model that passed its inspection, as loading takes it.

    Attributes:
        folder: of the model.
        kind: a key of KINDS.
        config: its configuration in plain values.
        trust: packages of the user whose classes it may name.
    """

    folder: Path
    kind: str
    config: dict[str, Any]
    trust: tuple[str, ...]

    @property
    def is_ngram(self) -> bool:
        """Whether the model was estimated by counting n-grams, and is no network."""
        return _is_ngram(self.config)


def inspect(folder: Path, kinds: Sequence[str], trust: Sequence[str]) -> InspectedModel:
    """Check a folder that may be damaged, or made by somebody who means harm.

    Nothing is executed, and only headers and small files are held in memory.

    Args:
        folder: of a run.
        kinds: keys of KINDS; the model must be one of these.
        trust: packages of the user whose classes it may name.

    Returns:
        What loading the model takes.

    Raises:
        ModelError: naming the file, what is wrong with it, and what to do.
    """
    _check_exists(folder, kinds)
    _check_files(folder)
    config, where = _configuration(folder, kinds), str(folder / CONFIGURATION)
    key = next(key for key in kinds if key in config)
    check_values(config, trust, where)
    tensors = safetensors.read(folder / WEIGHTS)
    check_sizes(config, tensors, folder / WEIGHTS, where)
    _check_vocabularies(folder, tensors)
    return InspectedModel(folder, key, config, tuple(trust))


def check_values(config: Mapping[str, Any], trust: Sequence[str], where: str) -> None:
    """Check the values and classes of a configuration that describes a model.

    Args:
        config: plain values, with a key of KINDS.
        trust: packages of the user whose classes it may name.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming the offending value.
    """
    config_values.check(config, trust, where)
    for key in KINDS.keys() & config.keys():
        if not isinstance(config[key], dict):
            raise ModelError(f"{where} describes no {KINDS[key]}: {key} has no keys")
    if "search" in config:
        config_sizes.check_search(config["search"], where)


def check_sizes(
    config: Mapping[str, Any], tensors: Mapping[str, TensorInfo], path: Path, where: str
) -> None:
    """Check that the tensors are a model's, and bear out the sizes in its configuration.

    Args:
        config: that `check_values` has checked.
        tensors: of the model.
        path: of their file, for messages.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming the offending tensor or size.
    """
    if not _is_ngram(config):
        _check_weights(path, tensors)
    for key in KINDS.keys() & config.keys():
        config_sizes.check_model(config[key], tensors, where)


def inspect_all(
    folders: Iterable[str | Path], kinds: Sequence[str], trust: Sequence[str]
) -> list[InspectedModel]:
    """Check several folders as `inspect` does.

    Raises:
        ModelError: of the first that it refuses.
    """
    return [inspect(Path(folder), kinds, trust) for folder in folders]


def _is_ngram(config: Mapping[str, Any]) -> bool:
    """Return whether a saved model is an n-gram language model, and no network."""
    return "language_model" in config and "estimator" in config["language_model"]


def _check_exists(folder: Path, kinds: Sequence[str]) -> None:
    if files.exists(folder / WEIGHTS):
        return
    if files.exists(folder / files.EXPORTED):
        raise ModelError(
            f"{folder} holds an exported model, which nmt.translate runs with"
            " engine=onnxruntime; expected the folder of a training"
        )
    first, *others = (COMMANDS[key] for key in kinds)
    also = "".join(f" (or nmt.{other})" for other in others)
    raise ModelError(
        f"{folder} holds no trained model ({WEIGHTS} is missing); train one with:"
        f" python -m nmt.{first}{also} run={folder}"
    )


def _check_files(folder: Path) -> None:
    """Check types, sizes and checksums of the files."""
    existing = _existing(folder)
    if not files.exists(folder / checksums.NAME):
        return
    previous, altered = None, [""]
    # While a training writes the folder, checksums that have just been read may be outdated.
    while altered and previous != (data := files.read(folder / checksums.NAME, MAX_CHECKSUMS)):
        previous, recorded, existing = data, checksums.read(folder), _existing(folder)
        names = [name for name in MAX_BYTES if name in existing or name in recorded]
        altered = checksums.altered(folder, {name: recorded.get(name, []) for name in names})
        altered = altered if recorded else [checksums.NAME]
    for name in altered:
        _refuse_altered(folder, name, existing)


def _existing(folder: Path) -> list[str]:
    """Return the model's files that exist; each is a regular file of an allowed size."""
    existing = [name for name in MAX_BYTES if files.exists(folder / name)]
    for name in existing:
        files.size(folder / name, MAX_BYTES[name])
    return existing


def _refuse_altered(folder: Path, name: str, existing: Sequence[str]) -> NoReturn:
    if not files.exists(folder / name):
        raise ModelError(
            f"{folder / name} is missing, but {checksums.NAME} lists it; copy it again"
        )
    raise ModelError(
        f"{folder / name} is not what it was when it was written: it was altered or truncated; copy"
        f" the folder again, or if you changed it yourself: cd {shlex.quote(str(folder))} &&"
        f" sha256sum {' '.join(existing)} > {checksums.NAME}"
    )


def _configuration(folder: Path, kinds: Sequence[str]) -> dict[str, Any]:
    path = folder / CONFIGURATION
    config = config_values.read(path, MAX_BYTES[CONFIGURATION])
    described = [key for key in KINDS if key in config]
    if "format" not in config or len(described) != 1:
        raise ModelError(f"{path} is no model's configuration: format, or the model, is missing")
    if type(config["format"]) is not int or config["format"] != FORMAT:
        raise ModelError(
            f"{path} has format {quote(config['format'])}, this program reads format {FORMAT};"
            " train again with this version, or use the version of nmt that wrote it"
        )
    if not files.exists(folder / checksums.NAME):
        raise ModelError(f"{folder / checksums.NAME} is missing; copy the model's folder again")
    if described[0] not in kinds:
        raise ModelError(f"{folder} holds a {KINDS[described[0]]}; expected a {KINDS[kinds[0]]}")
    return config


def _check_weights(path: Path, tensors: Mapping[str, TensorInfo]) -> None:
    for name, tensor in tensors.items():
        if tensor.dtype != "F32":
            raise ModelError(
                f"{path}: {quote(name)} is of dtype {tensor.dtype}; weights of a network are F32"
            )


def _check_vocabularies(folder: Path, tensors: Mapping[str, TensorInfo]) -> None:
    rows = {one.shape[0] for one in tensors.values() if one.shape and 0 not in one.shape}
    separate = files.exists(folder / sentencepiece.SOURCE)
    counts = []
    for name in (
        (sentencepiece.SOURCE, sentencepiece.TARGET) if separate else (sentencepiece.JOINT,)
    ):
        count = sentencepiece.read(folder / name)
        counts.append(count)
        if count not in rows:
            raise ModelError(
                f"{folder / name} has {count} pieces, but no tensor of {WEIGHTS} has as many rows;"
                " these are files of different models"
            )
    if files.exists(folder / lexicon.NAME):
        lexicon.check(folder / lexicon.NAME, counts[0], counts[-1])
