"""A trained language model in a folder: weights or tables, configuration, vocabulary, scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from nmt import saved
from nmt.build import language_network
from nmt.errors import ConfigurationError, ModelError
from nmt.language_models.language_model import LanguageModel
from nmt.language_models.network import LanguageNetwork
from nmt.language_models.ngram import NGram
from nmt.saved import CONFIGURATION, WEIGHTS
from nmt.tokenizer import Tokenizer, Tokenizers

KIND = "language_model"
COMMAND = "train_language_model"


@dataclass(frozen=True)
class LanguageBundle:
    """What scoring and writing text needs of a trained language model.

    Attributes:
        model: at rest.
        tokenizer: of the language.
        config: the resolved configuration, `language_model` among its keys.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    config: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, trust: Sequence[str], device: torch.device) -> "LanguageBundle":
        """Read a folder that `save` wrote; nothing that it says is executed.

        Args:
            folder: a run's folder.
            trust: packages of the user whose classes the configuration may name.
            device: where the weights go.

        Raises:
            ModelError: if something is missing, altered or not allowed; names file and reason.
        """
        config = saved.configuration(folder, KIND, COMMAND, trust)
        tokenizer = Tokenizers.load(folder).target
        if counted(config):
            return cls(_tables(folder / WEIGHTS, tokenizer.size), tokenizer, config)
        network = _network(config, tokenizer.size, folder / CONFIGURATION)
        saved.fill(network, folder / WEIGHTS, device)
        return cls(network.eval(), tokenizer, config)


def save(
    folder: Path,
    weights: Mapping[str, Tensor],
    model: Mapping[str, Any],
    tokenizer: Tokenizer,
    scores: Mapping[str, Any],
) -> None:
    """Write a language model's folder, file by file atomically, the weights last.

    Args:
        folder: made when missing; files of an older model there are replaced.
        weights: `named_parameters()` of a network, or `tensors()` of an n-gram model.
        model: the resolved node that describes it.
        tokenizer: of the language.
        scores: what `scores.json` shall say.
    """
    Tokenizers(tokenizer, tokenizer).save(folder)
    saved.write(folder, weights, {KIND: dict(model)}, scores)


def counted(config: Mapping[str, Any]) -> bool:
    """Tell of a stored configuration whether its model was counted, and is no network."""
    return isinstance(config[KIND], Mapping) and "estimator" in config[KIND]


def _network(config: Mapping[str, Any], pieces: int, path: Path) -> LanguageNetwork:
    try:
        with torch.device("meta"):
            return language_network(config[KIND], pieces)
    except (KeyError, TypeError, AttributeError, ConfigurationError) as error:
        why = " ".join(str(error).split())
        raise ModelError(f"{path} describes no language model: {why}") from error


def _tables(path: Path, pieces: int) -> NGram:
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return NGram.from_tensors(tensors, pieces)
