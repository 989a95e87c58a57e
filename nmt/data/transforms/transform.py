"""The contract of one kind of noise, and of noise in the source line alone."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmt.runtime import checks

TextPair = tuple[str, str]
"""A source line and its translation."""


@dataclass(frozen=True)
class Transform(abc.ABC):
    """Changes a pair.

    Attributes:
        rate: share of the pairs that it is applied to, 0 to 1.
    """

    rate: float

    def __post_init__(self) -> None:
        """Check that the rate is in range."""
        checks.fraction("noise.rate", self.rate)

    @abc.abstractmethod
    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return another version of a pair, or the pair itself where it has none.

        Args:
            pairs: those that are in memory together, unchanged.
            row: index of the pair.
            random: where all random numbers come from.
        """


@dataclass(frozen=True)
class SourceTransform(Transform):
    """Changes the source line alone, so that the translation stays the usual one."""

    def __call__(
        self, pairs: Sequence[TextPair], row: int, random: np.random.Generator
    ) -> TextPair:
        """Return the pair with another source line."""
        source, target = pairs[row]
        return self.change(source, random), target

    @abc.abstractmethod
    def change(self, line: str, random: np.random.Generator) -> str:
        """Return another version of a source line."""
