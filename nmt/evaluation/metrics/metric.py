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
    """A value of a metric, with what is needed to compute it again.

    Attributes:
        metric: its name: BLEU, chrF2, TER.
        value: in per cent.
        signature: sacreBLEU's: tokenizer, case, smoothing, version; without the name.
    """

    metric: str
    value: float
    signature: str

    def __str__(self) -> str:
        """Return value and signature as papers print them."""
        return f"{self.metric} {self.value:.1f} ({self.signature})"


class Metric(abc.ABC):
    """Compares hypotheses with references, a whole test set at once.

    Implementations wrap sacreBLEU's measures because those collect statistics for each sentence
    and score their sum, which is what resampling needs. A new one is one module beside this one
    and one file in `conf/metric/`: `nmt.evaluate +metric@metrics.NAME=NAME`.

    Attributes:
        direction: 1 if higher values are better, -1 if lower ones are.
    """

    direction: ClassVar[int]

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The metric's name in tables, as in papers."""

    @abc.abstractmethod
    def measure(self) -> Measure:
        """Return a new measure of sacreBLEU, without cached references."""

    def __call__(
        self,
        hypotheses: Sequence[str],
        references: Sequence[str],
        others: Sequence[Sequence[str]] = (),
    ) -> Score:
        """Score a test set of detokenized lines.

        Args:
            hypotheses: the translations.
            references: one for each.
            others: further references of the same lines.

        Raises:
            NmtError: if the numbers of lines differ, or there are none.
        """
        for lines in (references, *others):
            check_lines(hypotheses, lines)
        measure = self.measure()
        result = measure.corpus_score(hypotheses, [references, *others])
        _clear_caches()
        return Score(self.name, float(result.score), measure.get_signature().format())


def check_lines(hypotheses: Sequence[object], references: Sequence[object]) -> None:
    """Check that there is a reference for each hypothesis, and at least one.

    Raises:
        NmtError: if not; reports both numbers of lines.
    """
    if len(hypotheses) != len(references):
        raise NmtError(
            f"{len(hypotheses)} hypotheses cannot be scored against {len(references)} references; "
            "expected one line each for each source line"
        )
    if not hypotheses:
        raise NmtError("0 hypotheses and 0 references: an empty test set has no score")


def _clear_caches() -> None:
    """Clear sacreBLEU's caches of 65,536 tokenized lines each, so that memory does not grow.

    They are of no use to later measures: the tokenizer, which is a new one, is part of the key.
    """
    for tokenizer in BaseTokenizer.__subclasses__():
        for method in vars(tokenizer).values():
            if hasattr(method, "cache_clear"):
                method.cache_clear()
