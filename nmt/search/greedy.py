"""Greedy search: takes the most probable next piece at each step; the fastest search."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from nmt.search import limits as length
from nmt.search.checks import check_length
from nmt.search.hypothesis import Hypothesis
from nmt.search.search import Scorer
from nmt.search.stepwise import search_stepwise
from nmt.search.top_k import best


@dataclass(frozen=True)
class Greedy:
    """Returns one hypothesis for each sentence, that of a beam search of size 1.

    Attributes:
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ConfigurationError: if one is out of range.
        """
        check_length(self.length_factor, self.length_extra)

    def __call__(
        self, scorer: Scorer, source: Int[Tensor, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Return the hypothesis of each sentence; its score is its log-probability, in nats.

        Raises:
            ModelError: if the model's log-probabilities are not finite.
        """
        limits = length.limits(source, self.length_factor, self.length_extra)
        return search_stepwise(scorer, source, 1, limits, _most_probable)


def _most_probable(
    log_probabilities: Float[Tensor, "rows choices"], numbers: Int[Tensor, " rows"], position: int
) -> Int[Tensor, " rows"]:
    return best(log_probabilities, 1)[1].squeeze(1)
