"""The length normalization of Google's neural machine translation system."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GNMT:
    """Divides by a power of the length: softer than the average, and softer for short ones.

    score = log P(Y|X) / ((5 + |Y|) / 6)^alpha, Wu et al. (2016), "Google's Neural Machine
    Translation System", section 7. With alpha = 0 there is no penalty.
    """

    alpha: float

    def __call__(self, log_probability: float, length: int) -> float:
        """Return the normalized log-probability; `length` is in pieces with END."""
        return float(log_probability / ((5 + length) / 6) ** self.alpha)
