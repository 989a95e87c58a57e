"""The contract of a learning-rate schedule."""

import abc


class Schedule(abc.ABC):
    """A learning rate for each update."""

    @abc.abstractmethod
    def rate(self, update: int, progress: float) -> float:
        """Return the learning rate of an update.

        Args:
            update: its number, counted from 1.
            progress: share of the training that is done before it, 0 to 1: the largest used share
                of epochs, updates or minutes. A limit in minutes makes it depend on the machine's
                speed, so such a run cannot be repeated bit for bit.
        """

    def observe(self, score: float) -> None:  # noqa: B027 -- optional
        """Use the score of a validation; higher is better."""

    def state(self) -> dict[str, float]:
        """Return plain values for `restore`; none if the rate depends on its arguments only."""
        return {}

    def restore(self, state: dict[str, float]) -> None:  # noqa: B027 -- optional
        """Restore what `state` returned."""
