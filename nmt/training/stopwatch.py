"""How long a training has taken, over all its resumptions, and how long it will go on."""

import time

from nmt.training.distributed import collectives
from nmt.training.progress import TrainingState


class Stopwatch:
    """Runs from when it is started; its readings are the training's only knowledge of time.

    Where several processes train, it is that of the first, so that all end at the same update.

    Attributes:
        now: seconds of the monotonic clock at the last tick.
    """

    def __init__(self) -> None:
        self.now = time.monotonic()
        self._began = (0.0, 0.0)

    def start(self, state: TrainingState, share: float) -> None:
        """Begin to count where a training stands whose `share` is done."""
        self.now = collectives.broadcast_number(time.monotonic())
        self._began = (state.seconds, share)

    def tick(self, state: TrainingState) -> None:
        """Add the time since the last tick to the training's time."""
        before, self.now = self.now, collectives.broadcast_number(time.monotonic())
        state.seconds += self.now - before

    def seconds_left(self, state: TrainingState, share: float) -> float:
        """Give the seconds until all is done, if it goes on as since the start."""
        seconds, share_then = self._began
        speed = (share - share_then) / max(1e-9, state.seconds - seconds)
        return (1 - share) / max(1e-9, speed)
