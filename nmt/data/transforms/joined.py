"""Lines of two or three sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.data.transforms.transform import TextPair, Transform


@dataclass(frozen=True)
class JoinedSentences(Transform):
    """A pair and one or two others make one pair, source and target alike."""

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return the pair with one or two random ones behind it."""
        others = random.integers(len(pairs), size=int(random.integers(1, 3)))
        chosen = [pairs[row], *(pairs[other] for other in others)]
        sources, targets = zip(*chosen, strict=True)
        return " ".join(sources), " ".join(targets)
