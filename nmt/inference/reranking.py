"""N-best lists ranked again with the log-probabilities of a language model, by tuned weights."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine
from nmt.evaluation.metrics.metric import Metric, Score
from nmt.inference.translation import Translation
from nmt.runtime import checks, output_files
from nmt.runtime.errors import ModelError


@dataclass(frozen=True)
class RerankingCandidate:
    """One candidate of a line.

    Attributes:
        text: the translation.
        translation: its log-probability under the translation model, in nats.
        language: its log-probability under the language model, in nats.
        pieces: its length.
    """

    text: str
    translation: float
    language: float
    pieces: int


@dataclass(frozen=True)
class RerankingWeights:
    """The weights of a candidate's features; that of the translation model is 1.

    Attributes:
        language: of the language model's log-probability.
        length: of the pieces, in nats per piece, as log-probabilities favour short translations.
    """

    language: float
    length: float

    def score(self, candidate: RerankingCandidate) -> float:
        """Return the weighted sum that candidates are ranked by, in nats."""
        # A weight of 0 times minus infinity would be NaN.
        language = self.language * candidate.language if self.language else 0.0
        return candidate.translation + language + self.length * candidate.pieces

    def best(self, candidates: Sequence[RerankingCandidate]) -> str:
        """Return the text of the highest score, the first of equals."""
        return max(candidates, key=self.score).text

    def save(self, path: Path, score: Score, settings: Mapping[str, object]) -> None:
        """Write the weights, and how they were tuned, as JSON.

        Args:
            path: replaced if it exists.
            score: what they reach on the text that they were tuned on.
            settings: what they were tuned for, as plain values.
        """
        values = {**asdict(self), "tuned": asdict(score), "settings": settings}
        output_files.write(path, (json.dumps(values, indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path, settings: Mapping[str, object]) -> "RerankingWeights":
        """Read what `save` wrote for the same settings.

        Raises:
            ModelError: if the file does not hold weights, or they were tuned for other settings.
        """
        try:
            values = json.loads(path.read_bytes())
            weights = cls(float(values["language"]), float(values["length"]))
            tuned = {key: values["settings"][key] for key in settings}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} holds no weights ({error!r}); delete it to tune them again"
            ) from error
        for key, value in settings.items():
            if tuned[key] != value:
                raise ModelError(
                    f"{path} holds weights tuned for {key}={tuned[key]}, not {value}; give"
                    " another weights=FILE, or delete it to tune them again"
                )
        return weights


@dataclass(frozen=True)
class WeightGrid:
    """Tunes the two weights by trying all pairs of two lists.

    With two weights a grid is cheap enough, and it does not fit the n-grams of single lines as an
    exact line search (Och 2003) may.

    Attributes:
        language: weights of the language model to try.
        length: weights of the length to try, in nats per piece.
    """

    language: Sequence[float]
    length: Sequence[float]

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ConfigurationError: if a list is empty or holds anything but finite numbers.
        """
        for key, values in (("language", self.language), ("length", self.length)):
            checks.at_least(f"len(grid.{key})", len(values), 1)
            for value in values:
                checks.finite(f"grid.{key}", value)

    def __call__(
        self,
        n_bests: Sequence[Sequence[RerankingCandidate]],
        references: Sequence[str],
        metric: Metric,
    ) -> tuple[RerankingWeights, Score]:
        """Return the weights of the best score, the first of equals, and the score.

        Raises:
            NmtError: if the numbers of lines differ, or there are none.
        """
        scores: dict[tuple[str, ...], Score] = {}
        results: list[tuple[RerankingWeights, Score]] = []
        for language, length in product(self.language, self.length):
            weights = RerankingWeights(language, length)
            texts = tuple(map(weights.best, n_bests))
            if texts not in scores:
                scores[texts] = metric(texts, references)
            results.append((weights, scores[texts]))
        return max(results, key=lambda result: metric.direction * result[1].value)


def score_candidates(
    translations: Iterable[Translation], scorer: LikelihoodScorer, windows: LineWindows
) -> Iterator[tuple[RerankingCandidate, ...]]:
    """Yield the candidates of each line with the scorer's log-probabilities, window by window."""
    for window in windows.split(translations, lambda line: len(line.source)):
        texts = [ScoredLine(one.text, "") for line in window for one in line.candidates]
        likelihoods = scorer(texts)
        for line in window:
            yield tuple(
                RerankingCandidate(
                    one.text, one.log_probability, likelihood.log_probability, len(one.pieces)
                )
                for one, likelihood in zip(line.candidates, likelihoods, strict=False)
            )
