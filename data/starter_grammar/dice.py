"""Chance: the only source of choices in the grammar, the same on every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """Draws from `random.Random.random` alone, whose sequence for a seed Python guarantees."""

    def __init__(self, seed: int) -> None:
        """The same seed gives the same draws."""
        self._random = random.Random(seed).random

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely as the others; repeat an item to weigh it."""
        return items[int(self._random() * len(items))]

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def throw(self) -> float:
        """A number from 0 up to 1, to be compared with several probabilities."""
        return self._random()
