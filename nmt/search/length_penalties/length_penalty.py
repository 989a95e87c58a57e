"""The contract of a length penalty, which turns a log-probability into a beam search's score."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class LengthPenalty(Protocol):
    """Makes long hypotheses, whose log-probabilities are sums of more terms, comparable.

    A beam search stops early without losing a translation because of two rules: the score never
    falls when the log-probability rises; and for one log-probability the score is monotonic in the
    length, so that its highest value over a range of lengths is at one of the range's ends.

    `nmt.search.beam_search.BeamSearch` applies it. A new one is one module beside this one and one
    file in `conf/search/length_penalty/`.
    """

    def __call__(self, log_probability: float, length: int) -> float:
        """Return the score; `log_probability` is in nats, `length` in pieces with END."""
        ...
