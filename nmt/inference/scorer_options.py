"""From loaded models to the one scorer that a search queries."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nmt.inference.shallow_fusion import NO_FUSION, ShallowFusion
from nmt.inspection.model_folder import InspectedModel
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
    """How models are combined into a scorer.

    Attributes:
        precision: number format of the translation models.
        shortlist: which pieces a translation may consist of, by the first model's lexicon.
        fusion: a language model that is added in float32.
        language_model: that of the fusion, if it is inspected already.
    """

    precision: Precision
    shortlist: Shortlist
    fusion: ShallowFusion
    language_model: InspectedModel | None = None

    def __call__(
        self, models: Sequence[SavedTranslationModel], trust: Sequence[str], device: torch.device
    ) -> Scorer:
        """Return the scorer of one model, or of an ensemble.

        Args:
            models: at least one; their networks cannot be trained afterwards.
            trust: packages of the user whose classes the language model may name.
            device: where the models are.

        Raises:
            ConfigurationError: if the device does not support the precision, or a fusion is asked
                for together with a shortlist.
            ModelError: if the language model cannot be loaded, or does not fit.
        """
        choose = self.shortlist(models[0].lexicon)
        if choose is not None and self.fusion.run is not None:
            raise ConfigurationError(
                f"fusion.run={self.fusion.run} needs the scores of all pieces; give shortlist=none"
            )
        networks = [self.precision.pack(model.model, device) for model in models]
        scorers: list[Scorer] = [
            SingleModel(network) if choose is None else Shortlisted(network, choose)
            for network in networks
        ]
        scorer = scorers[0] if len(scorers) == 1 else Ensemble(scorers)
        target = models[0].tokenizers.target
        return self.fusion(scorer, target, device, self.language_model, trust)


DEFAULT = ScorerOptions(Float32Precision(), NoShortlist(), NO_FUSION)
"""Translation models alone, in float32, with the scores of all pieces."""
