"""Puts a trained language model beside the translation model of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime import checks
from nmt.runtime.errors import ModelError, require
from nmt.search.scorers.fusion import Fusion
from nmt.search.search import Scorer


@dataclass(frozen=True)
class ShallowFusion:
    """A language model of the target language that writes along.

    Attributes:
        run: its folder, a name; None for no language model.
        weight: of its log-probabilities.
    """

    run: object
    weight: float

    def __post_init__(self) -> None:
        """Refuse what is no folder's name, and a weight for which there is no probability."""
        named = self.run is None or isinstance(self.run, str)
        require(named, "fusion.run", self.run, "the folder of one language model")
        checks.at_least("fusion.weight", self.weight, 0)

    def __call__(
        self, scorer: Scorer, target: Tokenizer, trust: Sequence[str], device: torch.device
    ) -> Scorer:
        """Give the scorer, with the language model if there is one.

        Args:
            scorer: the translation model, or an ensemble.
            target: its tokenizer of the target language.
            trust: packages of the user whose classes the language model may name.
            device: where it goes.

        Raises:
            ModelError: if it cannot be loaded, or has another vocabulary.
        """
        if self.run is None:
            return scorer
        language = SavedLanguageModel.load(Path(str(self.run)), tuple(trust), device)
        if not language.tokenizer.same_pieces(target):
            raise ModelError(
                f"{self.run} has another vocabulary than the translation model; train it on the"
                " same prepared corpus, or with vocabulary=existing vocabulary.run=FOLDER of that"
                " model"
            )
        return Fusion(scorer, language.model, self.weight)


NO_FUSION = ShallowFusion(None, 0.0)
"""No language model."""
