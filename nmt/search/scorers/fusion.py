"""A translation model and a language model that write together."""

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
    """Adds what a language model believes of the next piece, weighed: shallow fusion.

    `log p(y) + weight · log p_LM(y)`; a hypothesis's log-probability is the sum of these. Their
    exponentials add up to 1 at most. What is missing is put on PADDING, which no search writes: so
    the logits are normalised as they stand, and no search scales them up.

    Source: Gulcehre et al. 2015, "On Using Monolingual Corpora in Neural Machine Translation",
    section 4.1.

    Attributes:
        translation: the translation model, or an ensemble.
        language: the language model, of the same vocabulary.
        weight: 0 or more; 0 leaves the translation model alone.

    Raises:
        ConfigurationError: if the weight is negative.
    """

    translation: Scorer
    language: PieceLanguageModel
    weight: float

    def __post_init__(self) -> None:
        """Refuse a weight for which the sum may exceed 1."""
        if not self.weight >= 0:
            raise ConfigurationError(f"fusion.weight={self.weight}: expected a number, 0 or more")

    def start(self, source: Int[Tensor, "batch source"]) -> tuple[Any, Any]:
        """Encode the sentences; the language model has read nothing."""
        return self.translation.start(source), self.language.start(len(source))

    def choices(self, state: tuple[Any, Any]) -> None:
        """Say that there is a column for each piece.

        Raises:
            ModelError: if the translation model chooses from some pieces only.
        """
        if self.translation.choices(state[0]) is not None:
            raise ModelError("fusion needs a translation model that chooses from all pieces")

    @torch.inference_mode()
    def step(
        self, ids: Int[Tensor, " rows"], state: tuple[Any, Any]
    ) -> tuple[Float[Tensor, "rows choices"], tuple[Any, Any]]:
        """Give the weighed sums, and on PADDING what they leave of the probability."""
        logits, translating = self.translation.step(ids, state[0])
        beliefs, reading = self.language.step(ids, state[1])
        # A weight of 0 times minus infinity, of what a model holds impossible, is no number.
        told = self.weight * beliefs.double() if self.weight else torch.zeros(())
        fused = logits.double().log_softmax(dim=1) + told
        fused[:, PADDING] = -torch.inf
        left = 1 - fused.exp().sum(dim=1)
        fused[:, PADDING] = left.clamp(min=torch.finfo(torch.float64).tiny).log()
        return fused.float(), (translating, reading)

    def reorder(self, state: tuple[Any, Any], rows: Int[Tensor, " kept"]) -> tuple[Any, Any]:
        """Let both models move their rows."""
        return self.translation.reorder(state[0], rows), tree.select(state[1], rows)

    def keep(
        self, state: tuple[Any, Any], sentences: Int[Tensor, " left"], rows: Int[Tensor, " kept"]
    ) -> tuple[Any, Any]:
        """Let both models drop what is finished."""
        return self.translation.keep(state[0], sentences, rows), tree.select(state[1], rows)
