"""Shallow fusion of a trained language model with the translation model of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.inspection.model_folder import InspectedModel, inspect
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime import checks
from nmt.runtime.errors import ModelError, require
from nmt.search.scorers.fusion import Fusion
from nmt.search.search import Scorer


@dataclass(frozen=True)
class ShallowFusion:
    """A language model of the target language whose log-probabilities are added in the search.

    Gulcehre et al., "On using monolingual corpora in neural machine translation" (2015), section
    4.1.

    Attributes:
        run: folder of the language model; None for none.
        weight: of its log-probabilities, 0 or more.

    Raises:
        ConfigurationError: if `run` is no folder's name, or the weight is out of range.
    """

    run: object
    weight: float

    def __post_init__(self) -> None:
        """Validate the values."""
        named = self.run is None or isinstance(self.run, str)
        require(named, "fusion.run", self.run, "the folder of one language model")
        checks.at_least("fusion.weight", self.weight, 0)

    def __call__(
        self,
        scorer: Scorer,
        target: Tokenizer,
        device: torch.device,
        model: InspectedModel | None = None,
        trust: Sequence[str] = (),
    ) -> Scorer:
        """Return the scorer, fused with the language model if there is one.

        Args:
            scorer: of the translation model, or of an ensemble.
            target: its tokenizer of the target language.
            device: where the language model is loaded.
            model: the language model's folder, if it is inspected already.
            trust: packages of the user whose classes the language model may name.

        Raises:
            ModelError: if the language model cannot be loaded, or has another vocabulary.
        """
        if self.run is None:
            return scorer
        if model is None:
            model = inspect(Path(str(self.run)), ("language_model",), trust)
        language = SavedLanguageModel.load(model, device)
        if not language.tokenizer.same_pieces(target):
            raise ModelError(
                f"{self.run} has another vocabulary than the translation model; train it on the"
                " same prepared corpus, or with vocabulary=existing vocabulary.run=FOLDER of that"
                " model"
            )
        return Fusion(scorer, language.model, self.weight)


NO_FUSION = ShallowFusion(None, 0.0)
"""The translation model alone."""
