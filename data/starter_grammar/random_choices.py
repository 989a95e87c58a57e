"""Random choices, the same for a seed on every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class RandomChoices:
    """A generator that uses `random.Random.random` alone, whose sequence Python guarantees."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items, all equally likely; repeat an item to weight it."""
        return items[int(self._random() * len(items))]

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self._random() < probability

    def uniform(self) -> float:
        """Return a number from 0 up to 1, to compare with several probabilities."""
        return self._random()
