"""TER, the translation edit rate (Snover, Dorr, Schwartz, Micciulla, Makhoul 2006)."""

from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics import ter
from sacrebleu.metrics.base import Metric as Measure

from nmt.evaluation.metrics.metric import Metric


@dataclass(frozen=True)
class TER(Metric):
    """Edits (a block moved counts as one) for each hundred words of the reference: lower is better.

    It knows no number: sacreBLEU's tercom tokenizer, in lower case, is what papers print.
    """

    direction: ClassVar[int] = -1

    @property
    def name(self) -> str:
        """Give the abbreviation."""
        return "TER"

    def measure(self) -> Measure:
        """Count as tercom does."""
        return ter.TER()
