"""What a beam search has found of a sentence, and whether it may still find better; no torch."""

from dataclasses import dataclass

from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.length_penalty import LengthPenalty


@dataclass(frozen=True)
class NBest:
    """Keeps a sentence's best translations, by the score of a length penalty.

    Equal scores: lower ids.

    Attributes:
        best: how many stay.
        length_penalty: what makes scores of log-probabilities.
    """

    best: int
    length_penalty: LengthPenalty

    def put(self, found: list[Hypothesis], ids: tuple[int, ...], log_probability: float) -> None:
        """Put a translation, ids without END, into the list of its sentence; the best stay."""
        score = self.length_penalty(log_probability, len(ids) + 1)
        found.append(Hypothesis(ids, log_probability, score))
        found.sort(key=lambda one: (-one.score, one.ids))
        del found[self.best :]

    def hopeful(
        self, log_probability: float, shortest: int, longest: int, found: list[Hypothesis]
    ) -> bool:
        """Tell whether a live row may still lead to one of the best translations.

        Args:
            log_probability: the row's so far, minus infinity if it is dead.
            shortest: pieces with END that a translation will have at least.
            longest: and at most.
            found: of its sentence.
        """
        if not log_probability > float("-inf"):
            return False
        if len(found) < self.best:
            return True
        bound = max(
            self.length_penalty(log_probability, shortest),
            self.length_penalty(log_probability, longest),
        )
        return bound > found[-1].score
