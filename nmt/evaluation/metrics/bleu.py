"""BLEU (Papineni, Roukos, Ward, Zhu 2002), as sacreBLEU computes it (Post 2018)."""

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, ClassVar

from portalocker.exceptions import LockException
from sacrebleu import utils
from sacrebleu.metrics import bleu
from sacrebleu.metrics.base import Metric as Measure
from sacrebleu.tokenizers import tokenizer_spm

from nmt.evaluation.metrics.metric import Metric
from nmt.runtime.errors import ConfigurationError, MissingExtraError, NmtError

EXTRAS = {"ja-mecab": "ja", "ko-mecab": "ko"}
"""Extras of this package that install what a tokenizer of sacreBLEU needs."""

FAILURES = (
    OSError,
    RuntimeError,
    ImportError,
    AssertionError,
    HTTPException,
    LockException,
    SystemExit,
)
"""What sacreBLEU raises where a tokenizer is not installed, downloaded, or intact."""


@dataclass(frozen=True)
class BLEU(Metric):
    """Precision of n-grams up to four words with a brevity penalty; cased, higher is better.

    Attributes:
        tokenizer: sacreBLEU's name of a tokenizer; 13a for European languages, zh, ja-mecab,
            ko-mecab or flores200 for others.

    Raises:
        ConfigurationError: if sacreBLEU has no such tokenizer.
        MissingExtraError: if it needs a package that is not installed.
        NmtError: if its model can neither be downloaded nor be read.
    """

    direction: ClassVar[int] = 1
    tokenizer: str

    def __post_init__(self) -> None:
        """Check that sacreBLEU has the tokenizer, and all that the tokenizer needs."""
        names = bleu.BLEU.TOKENIZERS
        if self.tokenizer not in names:
            raise ConfigurationError(
                f"tokenizer {self.tokenizer!r} of BLEU is unknown; sacreBLEU has {', '.join(names)}"
            )
        self.measure()

    @property
    def name(self) -> str:
        """BLEU, whatever the tokenizer."""
        return "BLEU"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure, with the smoothing that it calls exp."""
        return _measure(self.tokenizer)


class LowercaseBLEU(BLEU):
    """BLEU without case, for comparison with papers that print it; its signature has `case:lc`."""

    @property
    def name(self) -> str:
        """BLEU-lc, to distinguish it from the cased metric."""
        return "BLEU-lc"

    def measure(self) -> Measure:
        """Return sacreBLEU's measure of lowercased hypotheses and references."""
        return _measure(self.tokenizer, lowercase=True)


def _measure(tokenizer: str, **options: Any) -> Measure:
    try:
        return bleu.BLEU(tokenize=tokenizer, **options)
    except FAILURES as error:
        reason = " ".join(str(error).split())
        if tokenizer in EXTRAS and "pip install" in reason:
            package = f"MeCab, which tokenizer={tokenizer} of BLEU needs,"
            raise MissingExtraError(package, EXTRAS[tokenizer]) from error
        advice = ""
        if tokenizer in tokenizer_spm.SPM_MODELS:
            url = tokenizer_spm.SPM_MODELS[tokenizer]["url"]
            file = Path(utils.SACREBLEU_DIR) / "models" / Path(url).name
            advice = f"; bring its model from {url} to {file}, or delete that file if it is damaged"
        raise NmtError(
            f"tokenizer={tokenizer} of BLEU cannot be loaded: {reason}{advice}"
        ) from error
