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
    """What translation needs of a trained model.

    Attributes:
        model: the network, at rest (`eval`).
        tokenizers: of source and target.
        config: the resolved configuration, `model` and `search` among its keys.
        folder: where it lies.
    """

    model: TranslationModel
    tokenizers: Tokenizers
    config: dict[str, Any]
    folder: Path

    @classmethod
    def load(cls, inspected: InspectedModel, device: torch.device) -> "SavedTranslationModel":
        """Load a folder that `save_translation_model` wrote; nothing in it is executed.

        Args:
            inspected: the folder, as its inspection returned it.
            device: where the weights go.

        Raises:
            ModelError: if the model cannot be built; names file and reason.
        """
        folder, config = inspected.folder, inspected.config
        path = folder / CONFIGURATION
        check_trusted(config, inspected.trust, str(path))
        if "search" not in config:
            raise ModelError(f"{path} is damaged: search is missing")
        tokenizers = Tokenizers.load(folder)
        with saved.described(path), torch.device("meta"):
            model = translation_model(
                config["model"], tokenizers.source.size, tokenizers.target.size
            )
        saved.fill(model, folder / WEIGHTS, device)
        with saved.described(path):
            _try(model.eval(), tokenizers.target.size, device)
        return cls(model, tokenizers, config, folder)

    def lexicon(self) -> TranslationLexicon:
        """Read what shortlists are made by.

        Raises:
            ModelError: if there is none, or it is damaged.
        """
        path = self.folder / NAME
        if not path.exists():
            raise ModelError(
                f"{path} is missing: an older version of nmt trained this model; translate with"
                " shortlist=none, or train again"
            )
        return TranslationLexicon.load(
            path, self.tokenizers.source.size, self.tokenizers.target.size
        )


@torch.inference_mode()
def _try(model: TranslationModel, pieces: int, device: torch.device) -> None:
    """Move a model as searches and scoring do, over one piece."""
    source = torch.tensor([[UNKNOWN, END]], device=device)
    target = torch.tensor([[BEGIN, UNKNOWN, END]], device=device)
    one = torch.zeros(1, dtype=torch.int64, device=device)
    readouts = model(Batch(source, target))
    memory = model.encode(source)
    readout, state = model.step(target[:, 0], model.start(memory), memory)
    tree.select((memory.values, memory.mask, memory.final, state), one)
    logits = model.logits(readout)
    for found, shape in ((model.logits(readouts), (1, 2, pieces)), (logits, (1, pieces))):
        if found.shape != shape:
            raise ValueError(f"logits have the shape {tuple(found.shape)}, expected {shape}")


def save_translation_model(
    folder: Path,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    tokenizers: Tokenizers,
    scores: Mapping[str, Any],
    lexicon: bytes | None = None,
) -> None:
    """Write a model's folder, in which a killed writer leaves the old model or the new one.

    Args:
        folder: made when missing; files of an older model there are replaced.
        weights: the model's `named_parameters()`, each tensor once.
        config: resolved, with the nodes `model` and `search`.
        tokenizers: of source and target.
        scores: what `scores.json` shall say.
        lexicon: the bytes of the lexicon's file, for shortlists; None for a model without.
    """
    files = tokenizers.files() if lexicon is None else {**tokenizers.files(), NAME: lexicon}
    saved.write(folder, weights, config, scores, files)
