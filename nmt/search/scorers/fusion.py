"""A translation model and a language model that translate together."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING
from nmt.models import tree
from nmt.models.language_models.language_model import PieceLanguageModel
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.search.search import Scorer


@dataclass(frozen=True)
class Fusion:
    """Shallow fusion: adds the weighted log-probabilities of a language model.

    `log p(y) + weight · log p_LM(y)`; a hypothesis's log-probability is the sum of these. Their
    exponentials sum to at most 1. The rest goes to PADDING, which no search writes: so the logits
    are normalized as they are, and no search rescales them.

    Source: Gulcehre et al. 2015, "On Using Monolingual Corpora in Neural Machine Translation",
    section 4.1.

    Attributes:
        translation: the translation model, or an ensemble.
        language: the language model, of the same vocabulary.
        weight: 0 or more; 0 is the translation model alone.

    Raises:
        ConfigurationError: if the weight is negative.
    """

    translation: Scorer
    language: PieceLanguageModel
    weight: float

    def __post_init__(self) -> None:
        """Check that the probabilities cannot sum to more than 1."""
        if not self.weight >= 0:
            raise ConfigurationError(f"fusion.weight={self.weight}: expected a number, 0 or more")

    def start(self, source: Int[Tensor, "batch source"]) -> tuple[Any, Any]:
        """Encode the sentences, and start the language model."""
        return self.translation.start(source), self.language.start(len(source))

    def choices(self, state: tuple[Any, Any]) -> None:
        """Return None, as there is a column for each piece.

        Raises:
            ModelError: if the translation model chooses from some pieces only.
        """
        if self.translation.choices(state[0]) is not None:
            raise ModelError("fusion needs a translation model that chooses from all pieces")

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[Any, Any]
    ) -> tuple[Float[Tensor, "rows choices"], tuple[Any, Any]]:
        """Return the weighted sums, with the rest of the probability on PADDING."""
        logits, translation = self.translation.step(ids, state[0])
        scores, language = self.language.step(ids, state[1])
        # A weight of 0 times minus infinity, the score of an impossible piece, would be NaN.
        added = self.weight * scores.double() if self.weight else torch.zeros(())
        fused = logits.double().log_softmax(dim=1) + added
        fused[:, PADDING] = -torch.inf
        rest = 1 - fused.exp().sum(dim=1)
        fused[:, PADDING] = rest.clamp(min=torch.finfo(torch.float64).tiny).log()
        return fused.float(), (translation, language)

    def reorder(self, state: tuple[Any, Any], rows: Int[Tensor, " kept"]) -> tuple[Any, Any]:
        """Select rows of both models' states."""
        return self.translation.reorder(state[0], rows), tree.select(state[1], rows)

    def keep(
        self, state: tuple[Any, Any], sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> tuple[Any, Any]:
        """Select sentences and rows of both models' states."""
        return self.translation.keep(state[0], sentences, rows), tree.select(state[1], rows)
