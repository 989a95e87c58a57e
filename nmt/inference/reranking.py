"""N-best lists ranked again by what a language model says of them, with weights that were tuned."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine
from nmt.evaluation.metrics.metric import Metric, Score
from nmt.inference.translation import Translation
from nmt.runtime import atomic_files, checks
from nmt.runtime.errors import ModelError, NmtError


@dataclass(frozen=True)
class RerankingCandidate:
    """One candidate of a line.

    Attributes:
        text: the translation.
        translation: its log-probability under the translation model, in nats.
        language: the same under the language model.
        pieces: its length.
    """

    text: str
    translation: float
    language: float
    pieces: int


@dataclass(frozen=True)
class RerankingWeights:
    """What a candidate's features count, the translation model's counting 1.

    Attributes:
        language: of the language model's log-probability.
        length: nats a piece, since sums of log-probabilities favour what is short.
    """

    language: float
    length: float

    def score(self, option: RerankingCandidate) -> float:
        """Give what candidates are ranked by."""
        # What does not count must not make 0 times minus infinity, which is no number.
        language = self.language * option.language if self.language else 0.0
        return option.translation + language + self.length * option.pieces

    def best(self, options: Sequence[RerankingCandidate]) -> str:
        """Give the text of the highest score, the first of equals."""
        return max(options, key=self.score).text

    def save(self, path: Path, score: Score, settings: Mapping[str, object]) -> None:
        """Write them with what they reached on the text that they were tuned on.

        Args:
            path: is replaced.
            score: on that text.
            settings: what they were tuned for, as plain values.
        """
        numbers = {**asdict(self), "tuned": asdict(score), "settings": settings}
        atomic_files.write(path, (json.dumps(numbers, indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path, settings: Mapping[str, object]) -> "RerankingWeights":
        """Read what `save` wrote for the same settings.

        Raises:
            ModelError: if the file does not hold weights, or those were tuned for others.
        """
        try:
            numbers = json.loads(path.read_bytes())
            weights = cls(float(numbers["language"]), float(numbers["length"]))
            tuned = {key: numbers["settings"][key] for key in settings}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} holds no weights ({error!r}); delete it, they are tuned again"
            ) from error
        for key, value in settings.items():
            if tuned[key] != value:
                raise ModelError(
                    f"{path} holds weights tuned for {key}={tuned[key]}, not {value}; give"
                    " another weights=FILE, or delete it, and they are tuned again"
                )
        return weights


@dataclass(frozen=True)
class WeightGrid:
    """Tunes weights by trying all pairs of two lists; called, it gives the best pair.

    Two numbers need no cleverer search, and a grid finds no accident of one line's n-grams as an
    exact line search (Och 2003) may.

    Attributes:
        language: weights of the language model to try.
        length: weights of the length to try.
    """

    language: Sequence[float]
    length: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse lists without a number, and what is none."""
        for key, values in (("language", self.language), ("length", self.length)):
            checks.at_least(f"len(grid.{key})", len(values), 1)
            for value in values:
                checks.finite(f"grid.{key}", value)

    def __call__(
        self,
        options: Sequence[Sequence[RerankingCandidate]],
        references: Sequence[str],
        metric: Metric,
    ) -> tuple[RerankingWeights, Score]:
        """Give the weights of the best metric, the first of equals, and the metric's value.

        Raises:
            NmtError: if the numbers of lines differ, or there are none.
        """
        tried: dict[tuple[str, ...], Score] = {}
        found: list[tuple[RerankingWeights, Score]] = []
        for language, length in product(self.language, self.length):
            weights = RerankingWeights(language, length)
            texts = tuple(map(weights.best, options))
            if texts not in tried:
                tried[texts] = metric(texts, references)
            found.append((weights, tried[texts]))
        return max(found, key=lambda one: metric.direction * one[1].value)


def options(
    translations: Iterable[Translation], judge: LikelihoodScorer, windows: LineWindows
) -> Iterator[tuple[RerankingCandidate, ...]]:
    """Judge all candidates of each line, holding a window of them."""
    for lines in windows.split(translations, lambda line: len(line.source)):
        texts = [ScoredLine(one.text, "") for line in lines for one in line.candidates]
        judged = judge(texts)
        for line in lines:
            yield tuple(
                RerankingCandidate(
                    one.text, one.log_probability, said.log_probability, len(one.pieces)
                )
                for one, said in zip(line.candidates, judged, strict=False)
            )


def check_best(search: Mapping[str, object]) -> None:
    """Refuse a search that leaves nothing to rank.

    Raises:
        NmtError: if it gives one candidate a line.
    """
    if "best" not in search:
        raise NmtError(
            f"{search['_target_']} gives one candidate a line, which leaves nothing to rank again;"
            " take search=beam_10, or search=sample search.best=10"
        )
    if search["best"] == 1:
        raise NmtError("search.best=1 leaves nothing to rank again; expected 2 or more")
