"""The contract of a length penalty: what turns a log-probability into a beam search's score."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class LengthPenalty(Protocol):
    """Makes long hypotheses, whose log-probabilities are sums of more terms, comparable.

    Two laws, on which a beam search relies to stop early without losing a translation: the score
    never falls when the log-probability rises; and for one log-probability the score never turns
    as the length grows (it only rises, or only falls, or stays), so that its highest value over a
    range of lengths is at one of the range's ends.
    """

    def __call__(self, log_probability: float, length: int) -> float:
        """Give the score; `length` is the number of pieces with END, so at least 1."""
        ...
