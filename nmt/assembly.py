"""From loaded models to the one scorer that a search asks."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nmt.bundle import Bundle
from nmt.precision import Float32, Precision
from nmt.scorers.ensemble import Ensemble
from nmt.scorers.single import Single
from nmt.search.search import Scorer
from nmt.shallow_fusion import ALONE, ShallowFusion


@dataclass(frozen=True)
class Assembly:
    """What becomes of the models before they translate.

    Attributes:
        precision: the format that translation models compute in.
        fusion: a language model that writes along; it computes in float32.
    """

    precision: Precision
    fusion: ShallowFusion

    def __call__(
        self, bundles: Sequence[Bundle], trust: Sequence[str], device: torch.device
    ) -> Scorer:
        """Give the scorer of one model, or of several together.

        Args:
            bundles: the models, at least one; their networks can then be trained no more.
            trust: packages of the user whose classes the language model may name.
            device: where the models are.

        Raises:
            ConfigurationError: if the device does not compute in that format.
            ModelError: if the language model cannot be loaded, or does not fit.
        """
        scorers = [Single(self.precision.pack(bundle.model, device)) for bundle in bundles]
        scorer = scorers[0] if len(scorers) == 1 else Ensemble(scorers)
        return self.fusion(scorer, bundles[0].tokenizers.target, trust, device)


PLAIN = Assembly(Float32(), ALONE)
"""Translation models alone, in float32."""
