"""BLEU (Papineni, Roukos, Ward, Zhu 2002), as sacreBLEU computes it (Post 2018)."""

from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics import bleu
from sacrebleu.metrics.base import Metric as Measure

from nmt.evaluation.metrics.metric import Metric
from nmt.runtime.errors import ConfigurationError


@dataclass(frozen=True)
class BLEU(Metric):
    """Precision of n-grams up to four words with a brevity penalty; cased, higher is better.

    Attributes:
        tokenizer: sacreBLEU's name of a tokenizer; 13a for European languages, zh, ja-mecab,
            ko-mecab or flores200 for others.

    Raises:
        ConfigurationError: if sacreBLEU has no such tokenizer.
    """

    direction: ClassVar[int] = 1
    tokenizer: str

    def __post_init__(self) -> None:
        """Check that sacreBLEU has the tokenizer."""
        names = bleu.BLEU.TOKENIZERS
        if self.tokenizer not in names:
            raise ConfigurationError(
                f"tokenizer {self.tokenizer!r} of BLEU is unknown; sacreBLEU has {', '.join(names)}"
            )

    @property
    def name(self) -> str:
        """BLEU, whatever the tokenizer."""
        return "BLEU"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure, with the smoothing that it calls exp."""
        return bleu.BLEU(tokenize=self.tokenizer)


class LowercaseBLEU(BLEU):
    """BLEU without case, for comparison with papers that print it; its signature has `case:lc`."""

    @property
    def name(self) -> str:
        """BLEU-lc, to distinguish it from the cased metric."""
        return "BLEU-lc"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure of lowercased hypotheses and references."""
        return bleu.BLEU(lowercase=True, tokenize=self.tokenizer)
