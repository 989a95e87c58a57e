"""A trained model in a folder: weights, configuration, vocabulary, scores; nothing is pickled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from nmt import atomic
from nmt.build import check_stored, translation_model
from nmt.errors import ModelError
from nmt.tokenizer import Tokenizers
from nmt.translation_model import TranslationModel

FORMAT = 1
"""Of the folder; goes up when an older program could not read a newer folder."""

WEIGHTS = "model.safetensors"
CONFIGURATION = "config.yaml"
SCORES = "scores.json"


@dataclass(frozen=True)
class Bundle:
    """What translation needs of a trained model.

    Attributes:
        model: the network, at rest (`eval`).
        tokenizers: of source and target.
        config: the resolved configuration, `model` and `search` among its keys.
    """

    model: TranslationModel
    tokenizers: Tokenizers
    config: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, trust: Sequence[str], device: torch.device) -> "Bundle":
        """Read a folder that `save` wrote; nothing that it says is executed.

        Args:
            folder: a run's folder.
            trust: packages of the user whose classes the configuration may name.
            device: where the weights go.

        Raises:
            ModelError: if something is missing, altered or not allowed; names file and reason.
        """
        if not (folder / WEIGHTS).is_file():
            raise ModelError(
                f"{folder} holds no trained model ({WEIGHTS} is missing); train one with:"
                f" python -m nmt.train run={folder}"
            )
        config = _read_configuration(folder / CONFIGURATION, trust)
        tokenizers = Tokenizers.load(folder)
        with torch.device("meta"):
            model = translation_model(
                config["model"], tokenizers.source.size, tokenizers.target.size
            )
        _fill(model, folder / WEIGHTS, device)
        return cls(model.eval(), tokenizers, config)


def save(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    tokenizers: Tokenizers,
    scores: Mapping[str, Any],
) -> None:
    """Write a model's folder, file by file atomically, the weights last.

    Args:
        folder: made when missing; files of an older model there are replaced.
        weights: the model's `named_parameters()`, each tensor once.
        config: resolved, with the nodes `model` and `search`.
        tokenizers: of source and target.
        scores: what `scores.json` shall say.
    """
    tokenizers.save(folder)
    text = yaml.safe_dump({"format": FORMAT, **config}, sort_keys=False, allow_unicode=True)
    atomic.write(folder / CONFIGURATION, text.encode())
    atomic.write(folder / SCORES, (json.dumps(scores, indent=2) + "\n").encode())
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    atomic.write(folder / WEIGHTS, serialise(tensors))


def _read_configuration(path: Path, trust: Sequence[str]) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict) or not {"format", "model", "search"} <= set(config):
        raise ModelError(f"{path} is no model's configuration: format, model or search is missing")
    if config["format"] != FORMAT:
        raise ModelError(
            f"{path} has format {config['format']}, this program reads format {FORMAT};"
            " use the version of nmt that wrote it"
        )
    check_stored(config["model"], trust, str(path))
    check_stored(config["search"], trust, str(path))
    return config


def _fill(model: nn.Module, path: Path, device: torch.device) -> None:
    """Put the stored weights in the place of the shapes that the model was made of."""
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
