"""TER, the translation edit rate (Snover, Dorr, Schwartz, Micciulla, Makhoul 2006)."""

from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics import ter
from sacrebleu.metrics.base import Metric as Measure

from nmt.evaluation.metrics.metric import Metric


@dataclass(frozen=True)
class TER(Metric):
    """Edits (a moved block is one) per hundred words of the reference: lower is better.

    It has no settings: papers print sacreBLEU's tercom tokenizer, in lower case.
    """

    direction: ClassVar[int] = -1

    @property
    def name(self) -> str:
        """TER."""
        return "TER"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure."""
        return ter.TER()
