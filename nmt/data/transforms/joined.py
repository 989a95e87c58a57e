"""Lines of two or three sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import TextPair
from nmt.runtime import checks


@dataclass(frozen=True)
class JoinedSentences:
    """A pair and one or two others make one pair, source and target alike."""

    rate: float

    def __post_init__(self) -> None:
        """Check that the rate is in range."""
        checks.fraction("noise.rate", self.rate)

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return the pair with one or two random ones behind it."""
        others = random.integers(len(pairs), size=int(random.integers(1, 3)))
        chosen = [pairs[row], *(pairs[other] for other in others)]
        sources, targets = zip(*chosen, strict=True)
        return " ".join(sources), " ".join(targets)
