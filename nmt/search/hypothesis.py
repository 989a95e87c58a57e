"""What every search returns; without torch, as searches of other engines return it too."""

import math
from dataclasses import dataclass

from nmt.runtime.errors import ModelError


@dataclass(frozen=True)
class Hypothesis:
    """One translation of one sentence.

    Attributes:
        ids: its pieces, without BEGIN and END.
        log_probability: of its pieces and END (also where the length limit allowed nothing but
            END), in nats.
        score: what the search ranked it by; higher is better.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float

    def __post_init__(self) -> None:
        """Check that the model's numbers are not broken.

        Raises:
            ModelError: if the log-probability is not finite.
        """
        if not math.isfinite(self.log_probability):
            raise ModelError(
                f"a translation's log-probability is {self.log_probability}, not a finite number;"
                " the model's weights are broken, train it again"
            )
