"""BPE dropout: words are merged piece by piece, and each merge may be left out.

Provilkov, Emelianenko and Voita (2020), "BPE-Dropout", in the form of SentencePiece: the best
merge that is possible is done, or with probability alpha dropped for good, until none is left.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import UNKNOWN
from nmt.data.tokenization.sampling.sampler import Inventory, Sampler, unknown
from nmt.runtime.errors import ConfigurationError

CACHED = 300_000  # words, each with its dropped merges, that are remembered
IMPOSSIBLE = float("-inf")  # score of a merge


class BPESampler(Sampler):
    """Draws which merges to drop; remembers results, which changes nothing in what is drawn."""

    def __init__(self, inventory: Inventory, alpha: float) -> None:
        """Take a BPE model's pieces.

        Args:
            inventory: the pieces.
            alpha: the probability that a merge is dropped.

        Raises:
            ConfigurationError: if alpha is no probability, or 0, which would draw nothing.
        """
        if not 0 < alpha <= 1:
            raise ConfigurationError(
                f"the segmentation's alpha={alpha} is out of range; "
                "for BPE the share of dropped merges: more than 0, at most 1"
            )
        self._inventory = inventory
        self._alpha = alpha
        self._merged: dict[tuple[str, tuple[int, ...]], tuple[list[int], int]] = {}

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Draw the ids of each word."""
        if len(self._merged) > CACHED:
            self._merged.clear()
        gaps = _gaps(self._alpha, random)
        return Ragged.of([self._drawn(word, gaps) for word in words])

    def _drawn(self, word: str, gaps: Iterator[int]) -> list[int]:
        drops: tuple[int, ...] = ()
        drop = next(gaps)
        while True:
            key = (word, drops)
            if key not in self._merged:
                self._merged[key] = self.merged(word, drops)
            ids, asked = self._merged[key]
            if drop > asked:
                return ids
            drops += (drop,)
            drop += next(gaps)

    def merged(self, word: str, drops: Sequence[int]) -> tuple[list[int], int]:
        """Merge a word's characters to pieces, except where `drops` says so.

        Args:
            word: a word.
            drops: which of the possible merges, counted from 1 as they come up, are dropped.

        Returns:
            ids, and how many merges came up.
        """
        if word in self._inventory.symbols:
            return [self._inventory.symbols[word]], 0
        symbols = list(word)
        scores = [self._score(one + other) for one, other in pairwise(symbols)]
        asked = 0
        while scores and (best := max(scores)) > IMPOSSIBLE:
            asked += 1
            place = scores.index(best)
            if asked in drops:
                scores[place] = IMPOSSIBLE
                continue
            symbols[place : place + 2] = ["".join(symbols[place : place + 2])]
            del scores[place]
            for changed in range(max(0, place - 1), min(place + 1, len(scores))):
                scores[changed] = self._score(symbols[changed] + symbols[changed + 1])
        return self._ids(symbols), asked

    def _score(self, piece: str) -> float:
        number = self._inventory.ids.get(piece)
        return IMPOSSIBLE if number is None else self._inventory.scores[number]

    def _ids(self, symbols: list[str]) -> list[int]:
        ids: list[int] = []
        for symbol in symbols:
            number = self._inventory.ids.get(symbol)
            spelling = unknown(symbol, self._inventory) if number is None else [number]
            if spelling != [UNKNOWN] or ids[-1:] != [UNKNOWN]:
                ids += spelling
        return ids


def _gaps(alpha: float, random: np.random.Generator) -> Iterator[int]:
    """Give how many merges lie from one dropped merge to the next, the last included."""
    while True:
        yield from random.geometric(alpha, 10_000).tolist()
