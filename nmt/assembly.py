"""From loaded models to the one scorer that a search asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nmt.bundle import Bundle
from nmt.errors import ConfigurationError
from nmt.instantiation import instantiate
from nmt.precision import Float32, Precision
from nmt.scorers.ensemble import Ensemble
from nmt.scorers.shortlisted import Shortlisted
from nmt.scorers.single import Single
from nmt.search.search import Scorer
from nmt.shallow_fusion import ALONE, ShallowFusion
from nmt.shortlists.none import Everything
from nmt.shortlists.shortlist import Shortlist


@dataclass(frozen=True)
class Assembly:
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
    def of(cls, config: Any) -> "Assembly":
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
        self, bundles: Sequence[Bundle], trust: Sequence[str], device: torch.device
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
            Single(model) if choose is None else Shortlisted(model, choose) for model in models
        ]
        scorer = scorers[0] if len(scorers) == 1 else Ensemble(scorers)
        return self.fusion(scorer, bundles[0].tokenizers.target, trust, device)


PLAIN = Assembly(Float32(), Everything(), ALONE)
"""Translation models alone, in float32, writing all pieces."""
