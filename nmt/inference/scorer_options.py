"""From loaded models to the one scorer that a search asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nmt.config.instantiate import instantiate
from nmt.inference.shallow_fusion import NO_FUSION, ShallowFusion
from nmt.models.precision import Float32Precision, Precision
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime.errors import ConfigurationError
from nmt.search.scorers.ensemble import Ensemble
from nmt.search.scorers.shortlisted import Shortlisted
from nmt.search.scorers.single import SingleModel
from nmt.search.search import Scorer
from nmt.search.shortlists.none import NoShortlist
from nmt.search.shortlists.shortlist import Shortlist


@dataclass(frozen=True)
class ScorerOptions:
    """What becomes of the models before they translate.

    Attributes:
        precision: the format that translation models compute in.
        shortlist: which pieces they write; by the lexicon of the first of several.
        fusion: a language model that writes along; it computes in float32.
    """

    precision: Precision
    shortlist: Shortlist
    fusion: ShallowFusion

    @classmethod
    def of(cls, config: Any) -> "ScorerOptions":
        """Make what the nodes of a command's configuration say that are called as attributes are.

        Raises:
            ConfigurationError: names what is wrong.
        """
        return cls(
            instantiate(config.precision),
            instantiate(config.shortlist),
            instantiate(config.fusion),
        )

    def __call__(
        self, bundles: Sequence[SavedTranslationModel], trust: Sequence[str], device: torch.device
    ) -> Scorer:
        """Give the scorer of one model, or of several together.

        Args:
            bundles: the models, at least one; their networks can then be trained no more.
            trust: packages of the user whose classes the language model may name.
            device: where the models are.

        Raises:
            ConfigurationError: if the device does not compute in that format, or a language model
                is to write along with a shortlist.
            ModelError: if the language model cannot be loaded, or does not fit.
        """
        choose = self.shortlist(bundles[0].lexicon)
        if choose is not None and self.fusion.run is not None:
            raise ConfigurationError(
                f"fusion.run={self.fusion.run} writes with all pieces; give shortlist=none with it"
            )
        models = [self.precision.pack(bundle.model, device) for bundle in bundles]
        scorers: list[Scorer] = [
            SingleModel(model) if choose is None else Shortlisted(model, choose) for model in models
        ]
        scorer = scorers[0] if len(scorers) == 1 else Ensemble(scorers)
        return self.fusion(scorer, bundles[0].tokenizers.target, trust, device)


DEFAULT = ScorerOptions(Float32Precision(), NoShortlist(), NO_FUSION)
"""Translation models alone, in float32, writing all pieces."""
