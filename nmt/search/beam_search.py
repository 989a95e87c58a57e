"""What beam searches share, whether over tensors or over arrays; without torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.runtime.errors import ModelError, require
from nmt.search.checks import check_length
from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.length_penalty import LengthPenalty


@dataclass(frozen=True)
class BeamSearch:
    """Beam search, in which a sentence is finished only when no better hypothesis can follow.

    In each step the `size` best extensions of a sentence's live prefixes stay; those of them that
    end with END are hypotheses, and their rows are dead in the next step (so that size 1 is greedy
    search). A sentence is finished when it has `best` hypotheses and no live prefix can lead to
    one with a better score than the worst of these. A prefix's log-probability can only fall, and
    its score for a given log-probability is highest at the shortest or at the longest length
    that it may reach (see `LengthPenalty`): that is the bound. Where a penalty rewards length the
    bound is loose and the search takes longer than with a rule of thumb, but it never misses
    anything that the beam would have reached.

    Equal candidates: that of the better row first, then the lower id. Equal scores: lower ids.

    Attributes:
        size: live prefixes of a sentence.
        best: hypotheses returned for each sentence, from 1 to `size`.
        length_penalty: turns log-probabilities into scores.
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    size: int
    best: int
    length_penalty: LengthPenalty
    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ConfigurationError: if one is out of range.
        """
        check_length(self.length_factor, self.length_extra)
        require(self.size >= 1, "search.size", self.size, "1 or more")
        most = f"1 to search.size, which is {self.size}"
        require(1 <= self.best <= self.size, "search.best", self.best, most)

    def add(self, n_best: list[Hypothesis], ids: tuple[int, ...], log_probability: float) -> None:
        """Insert a hypothesis, ids without END, into a sentence's n-best list; keep the best."""
        score = self.length_penalty(log_probability, len(ids) + 1)
        n_best.append(Hypothesis(ids, log_probability, score))
        n_best.sort(key=lambda hypothesis: (-hypothesis.score, hypothesis.ids))
        del n_best[self.best :]

    def can_improve(
        self, n_best: Sequence[Hypothesis], log_probability: float, shortest: int, longest: int
    ) -> bool:
        """Return whether a prefix can still lead to one of its sentence's best hypotheses.

        Args:
            n_best: the sentence's hypotheses so far.
            log_probability: the prefix's, in nats; minus infinity if its row is dead.
            shortest: pieces of its shortest extension, END included.
            longest: pieces of its longest.
        """
        if not log_probability > float("-inf"):
            return False
        if len(n_best) < self.best:
            return True
        bound = max(
            self.length_penalty(log_probability, shortest),
            self.length_penalty(log_probability, longest),
        )
        return bound > n_best[-1].score


def check_complete(n_bests: Sequence[Sequence[Hypothesis]]) -> None:
    """Check that each sentence has a hypothesis.

    Raises:
        ModelError: if one has none, as no log-probability was finite.
    """
    if not all(n_bests):
        raise ModelError(
            f"no translation of sentence {[*map(len, n_bests)].index(0) + 1} of the batch has a"
            " finite log-probability; the model's weights are broken, train it again"
        )
