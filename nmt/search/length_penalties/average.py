"""The mean log-probability of a piece."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Average:
    """Divides by the number of pieces, END included.

    score = log P(Y|X) / |Y|, as in Cho, van Merriënboer, Bahdanau, Bengio (2014), "On the
    Properties of Neural Machine Translation", section 4.
    """

    def __call__(self, log_probability: float, length: int) -> float:
        """Return nats per piece."""
        return log_probability / length
