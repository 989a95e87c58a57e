"""chrF (Popović 2015), as sacreBLEU computes it."""

from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics import chrf
from sacrebleu.metrics.base import Metric as Measure

from nmt.evaluation.metrics.metric import Metric


@dataclass(frozen=True)
class ChrF(Metric):
    """F-score of n-grams of characters, so that a wrong ending costs less than a wrong word.

    Attributes:
        characters: longest n-gram of characters; 6 is chrF.
        words: longest n-gram of words; 0 is chrF, 2 is chrF++.
        beta: weight of recall against precision; 2 is chrF2.
    """

    direction: ClassVar[int] = 1
    characters: int
    words: int
    beta: int

    @property
    def name(self) -> str:
        """ChrF, beta, and a plus for each order of words."""
        return f"chrF{self.beta}{'+' * self.words}"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure, which ignores spaces as Popović does."""
        return chrf.CHRF(char_order=self.characters, word_order=self.words, beta=self.beta)
