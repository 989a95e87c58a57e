"""No penalty: the most probable translation wins, which tends to be a short one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NoLengthPenalty:
    """The score is the log-probability itself."""

    def __call__(self, log_probability: float, length: int) -> float:
        """Return the log-probability, in nats."""
        return log_probability
