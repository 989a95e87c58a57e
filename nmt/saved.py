"""What all saved models share: a folder of weights, configuration and scores, never pickled."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from nmt import atomic
from nmt.build import check_stored
from nmt.errors import ModelError

FORMAT = 1
"""Of the folder; goes up when an older program could not read a newer folder."""

WEIGHTS = "model.safetensors"
CONFIGURATION = "config.yaml"
SCORES = "scores.json"

KINDS = {"model": "translation model", "language_model": "language model"}
"""By the node of the configuration that describes it, what a folder can hold."""


def write(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    scores: Mapping[str, Any],
) -> None:
    """Write configuration, scores and weights, each file atomically, the weights last.

    Args:
        folder: made when missing; files of an older model there are replaced.
        weights: each tensor once.
        config: resolved, with one of KINDS among its nodes.
        scores: what `scores.json` shall say.
    """
    text = yaml.safe_dump({"format": FORMAT, **config}, sort_keys=False, allow_unicode=True)
    atomic.write(folder / CONFIGURATION, text.encode())
    atomic.write(folder / SCORES, (json.dumps(scores, indent=2) + "\n").encode())
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    atomic.write(folder / WEIGHTS, serialise(tensors))


def kind(folder: Path) -> str:
    """Say which of KINDS a folder holds.

    Raises:
        ModelError: if there is no model, or its configuration cannot be read.
    """
    known = _read(folder, "train (or nmt.train_language_model)")
    return next(node for node in KINDS if node in known)


def configuration(folder: Path, kind: str, command: str, trust: Sequence[str]) -> dict[str, Any]:
    """Read a folder's configuration, in which nothing is named that a saved model may not name.

    Args:
        folder: a run's.
        kind: the node of KINDS that must be there.
        command: what trains such a model, for the message.
        trust: packages of the user whose classes it may name.

    Raises:
        ModelError: if there is no model, or one of another kind, or something is not allowed.
    """
    config = _read(folder, command)
    if kind not in config:
        (other,) = (KINDS[node] for node in KINDS if node in config)
        raise ModelError(f"{folder} holds a {other}; expected a {KINDS[kind]}")
    check_stored(config, trust, str(folder / CONFIGURATION))
    return config


def _read(folder: Path, command: str) -> dict[str, Any]:
    if not (folder / WEIGHTS).is_file():
        raise ModelError(
            f"{folder} holds no trained model ({WEIGHTS} is missing); train one with:"
            f" python -m nmt.{command} run={folder}"
        )
    path = folder / CONFIGURATION
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict) or "format" not in config or not KINDS.keys() & config.keys():
        raise ModelError(f"{path} is no model's configuration: format, or the model, is missing")
    if config["format"] != FORMAT:
        raise ModelError(
            f"{path} has format {config['format']}, this program reads format {FORMAT};"
            " use the version of nmt that wrote it"
        )
    return {str(key): value for key, value in config.items()}


def fill(model: nn.Module, path: Path, device: torch.device) -> None:
    """Put the stored weights in the place of the shapes that the model was made of.

    Raises:
        ModelError: if the file is damaged, or its names and shapes are not the model's.
    """
    expected = dict(model.named_parameters())
    made: dict[int, nn.Parameter] = {}
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            stored = set(file.keys())
            if stored != set(expected):
                differing = sorted(stored ^ set(expected))[0]
                raise ModelError(f"{path} does not fit its configuration: {differing!r} differs")
            for name, parameter in expected.items():
                shape = tuple(file.get_slice(name).get_shape())
                if shape != tuple(parameter.shape):
                    raise ModelError(
                        f"{path}: {name} has the shape {shape}, but the configuration says"
                        f" {tuple(parameter.shape)}"
                    )
                made[id(parameter)] = nn.Parameter(file.get_tensor(name), requires_grad=False)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    for module in model.modules():
        for name, owned in module.named_parameters(recurse=False, remove_duplicate=False):
            setattr(module, name, made[id(owned)])
