"""The contract of a learning-rate schedule."""

import abc


class Schedule(abc.ABC):
    """Says the learning rate of each update."""

    @abc.abstractmethod
    def rate(self, update: int, progress: float) -> float:
        """Give the rate of an update.

        Args:
            update: its number, counted from 1.
            progress: the share of the training that is done before it, 0 to 1: the largest share
                of a bound (epochs, updates or minutes) that is used up. With a bound on minutes
                it depends on the machine's speed, so such a run cannot be repeated bit for bit.
        """

    def observe(self, score: float) -> None:  # noqa: B027 -- most schedules do not care
        """Take in a validation's score, higher is better."""

    def state(self) -> dict[str, float]:
        """Give what `restore` needs to go on exactly; nothing for a plain function of time."""
        return {}

    def restore(self, state: dict[str, float]) -> None:  # noqa: B027 -- goes with `state`
        """Go on from what `state` gave."""
