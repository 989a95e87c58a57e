"""The contract of a metric: a sacreBLEU measure, so that each value has a signature."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sacrebleu.metrics.base import Metric as Measure
from sacrebleu.tokenizers.tokenizer_base import BaseTokenizer

from nmt.runtime.errors import NmtError


@dataclass(frozen=True)
class Score:
    """One number and all that somebody else needs in order to compute it again.

    Attributes:
        metric: its name: BLEU, chrF2, TER.
        value: in per cent.
        signature: sacreBLEU's: tokenizer, case, smoothing, version; without the name.
    """

    metric: str
    value: float
    signature: str

    def __str__(self) -> str:
        """Write value and signature as a paper prints them."""
        return f"{self.metric} {self.value:.1f} ({self.signature})"


class Metric(abc.ABC):
    """Compares hypotheses with references, a whole test set at once.

    Answers build on sacreBLEU's measures because those count for each sentence on its own and
    score the sum of the counts, which is what resampling needs.

    Attributes:
        direction: 1 if the higher value is the better one, -1 if the lower one is.
    """

    direction: ClassVar[int]

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """Name the metric in tables, as papers do."""

    @abc.abstractmethod
    def measure(self) -> Measure:
        """Give sacreBLEU's own object, new and without cached references."""

    def __call__(self, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
        """Score a test set, detokenized line against detokenized line.

        Raises:
            NmtError: if the numbers of lines differ, or there are none.
        """
        check(hypotheses, references)
        measure = self.measure()
        result = measure.corpus_score(hypotheses, [references])
        _forget_lines()
        return Score(self.name, float(result.score), measure.get_signature().format())


def check(hypotheses: Sequence[object], references: Sequence[object]) -> None:
    """Refuse what cannot be compared line by line.

    Raises:
        NmtError: naming both numbers of lines.
    """
    if len(hypotheses) != len(references):
        raise NmtError(
            f"{len(hypotheses)} hypotheses cannot be scored against {len(references)} references; "
            "expected one line each for each source line"
        )
    if not hypotheses:
        raise NmtError("0 hypotheses and 0 references: an empty test set has no score")


def _forget_lines() -> None:
    """Empty sacreBLEU's caches of 65,536 tokenized lines each, so that validations leave nothing.

    No measure finds lines of one before it there: the tokenizer, which is new, is part of the key.
    """
    for rules in BaseTokenizer.__subclasses__():
        for method in vars(rules).values():
            if hasattr(method, "cache_clear"):
                method.cache_clear()
