"""The contract of one kind of noise."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from nmt.runtime import checks

TextPair = tuple[str, str]
"""A source line and its translation."""


@runtime_checkable
class Transform(Protocol):
    """Changes a pair.

    Attributes:
        rate: share of the pairs that it is applied to, 0 to 1.
    """

    rate: float

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return another version of a pair, or the pair itself where it has none.

        Args:
            pairs: those that are in memory together, unchanged.
            row: index of the pair.
            random: where all random numbers come from.
        """
        ...


class SourceTransform:
    """Changes the source line alone, so that the translation stays the usual one."""

    rate: float

    def __post_init__(self) -> None:
        """Check that the rate is in range."""
        checks.fraction("noise.rate", self.rate)

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return the pair with another source line."""
        source, target = pairs[row]
        return self.change(source, random), target

    def change(self, line: str, random: np.random.Generator) -> str:
        """Return another version of a source line."""
        raise NotImplementedError
