"""A trained translation model in a folder: weights, configuration, vocabulary, scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nmt import saved
from nmt.build import translation_model
from nmt.errors import ModelError
from nmt.saved import CONFIGURATION, SCORES, WEIGHTS
from nmt.tokenizer import Tokenizers
from nmt.translation_model import TranslationModel

__all__ = ["CONFIGURATION", "SCORES", "WEIGHTS", "Bundle", "save"]


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
        config = saved.configuration(folder, "model", "train", trust)
        if "search" not in config:
            raise ModelError(f"{folder / CONFIGURATION} is damaged: search is missing")
        tokenizers = Tokenizers.load(folder)
        with torch.device("meta"):
            model = translation_model(
                config["model"], tokenizers.source.size, tokenizers.target.size
            )
        saved.fill(model, folder / WEIGHTS, device)
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
    saved.write(folder, weights, config, scores)
