"""A trained translation model in a folder: weights, configuration, vocabulary, scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nmt.data.batch import Batch
from nmt.data.lexicon.lexicon import NAME, TranslationLexicon
from nmt.data.special_ids import BEGIN, END, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inspection.model_folder import InspectedModel
from nmt.inspection.trusted import check_trusted
from nmt.models import tree
from nmt.models.factory import translation_model
from nmt.models.saved import folder as saved
from nmt.models.saved.folder import CONFIGURATION, SCORES, WEIGHTS
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ModelError

__all__ = ["CONFIGURATION", "SCORES", "WEIGHTS", "SavedTranslationModel", "save_translation_model"]


@dataclass(frozen=True)
class SavedTranslationModel:
    """A trained translation model with its tokenizers.

    Attributes:
        model: in evaluation mode.
        tokenizers: of source and target.
        config: the resolved configuration, with the nodes `model` and `search`.
        folder: of the model.
    """

    model: TranslationModel
    tokenizers: Tokenizers
    config: dict[str, Any]
    folder: Path

    @classmethod
    def load(cls, inspected: InspectedModel, device: torch.device) -> "SavedTranslationModel":
        """Load a folder that `save_translation_model` wrote; nothing in it is executed.

        Args:
            inspected: returned by the inspection of the folder.
            device: of the weights.

        Raises:
            ModelError: if the model cannot be built; names file and reason.
        """
        folder, config = inspected.folder, inspected.config
        path = folder / CONFIGURATION
        check_trusted(config, inspected.trust, str(path))
        if "search" not in config:
            raise ModelError(f"{path} is damaged: search is missing")
        tokenizers = Tokenizers.load(folder)
        with saved.building(path), torch.device("meta"):
            model = translation_model(
                config["model"], tokenizers.source.size, tokenizers.target.size
            )
        saved.load_weights(model, folder / WEIGHTS, device)
        with saved.building(path):
            _dry_run(model.eval(), tokenizers.target.size, device)
        return cls(model, tokenizers, config, folder)

    def lexicon(self) -> TranslationLexicon:
        """Load the lexicon, from which shortlists are made.

        Raises:
            ModelError: if the file is missing or damaged.
        """
        path = self.folder / NAME
        if not path.exists():
            raise ModelError(
                f"{path} is missing: the model was saved without a lexicon; translate with"
                " shortlist=none, or train again"
            )
        return TranslationLexicon.load(
            path, self.tokenizers.source.size, self.tokenizers.target.size
        )


@torch.inference_mode()
def _dry_run(model: TranslationModel, pieces: int, device: torch.device) -> None:
    """Run a model over one piece, as searches and scoring do."""
    source = torch.tensor([[UNKNOWN, END]], device=device)
    target = torch.tensor([[BEGIN, UNKNOWN, END]], device=device)
    row = torch.zeros(1, dtype=torch.int64, device=device)
    readouts = model(Batch(source, target))
    memory = model.encode(source)
    readout, state = model.step(target[:, 0], model.start(memory), memory)
    tree.select((memory.values, memory.mask, memory.final, state), row)
    logits = model.logits(readout)
    for result, shape in ((model.logits(readouts), (1, 2, pieces)), (logits, (1, pieces))):
        if result.shape != shape:
            raise ValueError(f"logits have the shape {tuple(result.shape)}, expected {shape}")


def check_trainable(config: Mapping[str, Any], network: TranslationModel) -> None:
    """Check before training that what `save_translation_model` will write can be loaded.

    Raises:
        ConfigurationError: naming the value that a saved model may not have.
    """
    saved.check_loadable(_described(config), dict(network.named_parameters()))


def save_translation_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    tokenizers: Tokenizers,
    scores: Mapping[str, Any],
    lexicon: bytes | None = None,
) -> None:
    """Save a translation model; a killed process leaves the old one or the new one.

    Args:
        folder: created if missing; the files of an older model are replaced.
        weights: the model's `named_parameters()`, each tensor once.
        config: resolved, with the nodes `model` and `search`, of which alone it is saved.
        tokenizers: of source and target.
        scores: content of `scores.json`.
        lexicon: content of the lexicon's file, for shortlists; None for a model without.

    Raises:
        NmtError: if a file cannot be written.
    """
    files = tokenizers.files() if lexicon is None else {**tokenizers.files(), NAME: lexicon}
    saved.write(folder, weights, _described(config), scores, files)


def _described(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in ("model", "search")}
