"""A trained language model in a folder: weights or tables, configuration, vocabulary, scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from nmt.data.special_ids import BEGIN, END, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.inspection.model_folder import InspectedModel
from nmt.inspection.trusted import check_trusted
from nmt.models.factory import language_network
from nmt.models.language_models.language_model import PieceLanguageModel
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.saved import folder as saved
from nmt.models.saved.folder import CONFIGURATION, WEIGHTS
from nmt.runtime.errors import ModelError

KIND = "language_model"


@dataclass(frozen=True)
class SavedLanguageModel:
    """A trained language model with its tokenizer, for scoring, fusion and generation.

    Attributes:
        model: in evaluation mode.
        tokenizer: of the language.
        config: the resolved configuration, with the node `language_model`.
    """

    model: PieceLanguageModel
    tokenizer: Tokenizer
    config: dict[str, Any]

    @classmethod
    def load(cls, inspected: InspectedModel, device: torch.device) -> "SavedLanguageModel":
        """Load a folder that `save_language_model` wrote; nothing in it is executed.

        Args:
            inspected: returned by the inspection of the folder.
            device: of the weights.

        Raises:
            ModelError: if the model cannot be built; names file and reason.
        """
        folder, config = inspected.folder, inspected.config
        path = folder / CONFIGURATION
        check_trusted(config, inspected.trust, str(path))
        tokenizer = Tokenizers.load(folder).target
        if inspected.is_ngram:
            return cls(_tables(folder / WEIGHTS, tokenizer.size), tokenizer, config)
        with saved.building(path), torch.device("meta"):
            network = language_network(config[KIND], tokenizer.size)
        saved.load_weights(network, folder / WEIGHTS, device)
        with saved.building(path):
            _dry_run(network.eval(), tokenizer.size, device)
        return cls(network, tokenizer, config)


def save_language_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    model: Mapping[str, Any],
    tokenizer: Tokenizer,
    scores: Mapping[str, Any],
) -> None:
    """Save a language model; a killed process leaves the old one or the new one.

    Args:
        folder: created if missing; the files of an older model are replaced.
        weights: `named_parameters()` of a network, or `tensors()` of an n-gram model.
        model: the resolved node that describes it.
        tokenizer: of the language.
        scores: content of `scores.json`.

    Raises:
        NmtError: if a file cannot be written.
    """
    vocabulary = Tokenizers(tokenizer, tokenizer).files()
    saved.write(folder, weights, {KIND: dict(model)}, scores, vocabulary)


@torch.inference_mode()
def _dry_run(network: LanguageNetwork, pieces: int, device: torch.device) -> None:
    """Run a network over one piece, as generation and scoring do."""
    target = torch.tensor([[BEGIN, UNKNOWN, END]], device=device)
    network.log_probabilities(target)
    result, _ = network.step(target[:, 0], network.start(1))
    if result.shape != (1, pieces):
        raise ValueError(f"log-probabilities have the shape {tuple(result.shape)}")


def _tables(path: Path, pieces: int) -> NGramLanguageModel:
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return NGramLanguageModel.from_tensors(tensors, pieces)
