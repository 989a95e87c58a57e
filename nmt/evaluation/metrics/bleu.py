"""BLEU (Papineni, Roukos, Ward, Zhu 2002), as sacreBLEU counts it (Post 2018)."""

from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics import bleu
from sacrebleu.metrics.base import Metric as Measure

from nmt.evaluation.metrics.metric import Metric
from nmt.runtime.errors import ConfigurationError


@dataclass(frozen=True)
class BLEU(Metric):
    """Precision of n-grams up to four words, punished for brevity; cased, higher is better.

    Attributes:
        tokenizer: sacreBLEU's name of the rules that cut lines into words; 13a for European
            languages, zh, ja-mecab, ko-mecab or flores200 for others.

    Raises:
        ConfigurationError: if sacreBLEU has no such rules.
    """

    direction: ClassVar[int] = 1
    tokenizer: str

    def __post_init__(self) -> None:
        """Refuse a name that sacreBLEU does not have."""
        names = bleu.BLEU.TOKENIZERS
        if self.tokenizer not in names:
            raise ConfigurationError(
                f"tokenizer {self.tokenizer!r} of BLEU is unknown; sacreBLEU has {', '.join(names)}"
            )

    @property
    def name(self) -> str:
        """Give the plain name, whatever the tokenizer."""
        return "BLEU"

    def measure(self) -> Measure:
        """Count with the smoothing that sacreBLEU calls exp."""
        return bleu.BLEU(tokenize=self.tokenizer)


class LowercaseBLEU(BLEU):
    """The easier count, only for comparison with papers that print it; its signature says lc."""

    @property
    def name(self) -> str:
        """Give a name that tells it from the cased count."""
        return "BLEU-lc"

    def measure(self) -> Measure:
        """Count hypotheses and references in lower case."""
        return bleu.BLEU(lowercase=True, tokenize=self.tokenizer)
