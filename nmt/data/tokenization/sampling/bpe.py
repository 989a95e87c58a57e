"""BPE dropout: a word's characters are merged to pieces, and each merge may be dropped.

Provilkov, Emelianenko and Voita (2020), "BPE-Dropout", in the form of SentencePiece: the best
possible merge is done, or dropped for good with probability alpha, until none is left.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from nmt.data.ragged import Ragged
from nmt.data.special_ids import UNKNOWN
from nmt.data.tokenization.sampling.sampler import Inventory, Sampler, unknown
from nmt.runtime.errors import ConfigurationError

CACHE_SIZE = 300_000  # words, each with its dropped merges
IMPOSSIBLE = float("-inf")  # score of a merge


class BPESampler(Sampler):
    """Samples which merges to drop; the cache of segmentations does not affect the samples."""

    def __init__(self, inventory: Inventory, alpha: float) -> None:
        """Build a sampler.

        Args:
            inventory: the pieces of a BPE model.
            alpha: the probability of dropping a merge.

        Raises:
            ConfigurationError: if alpha is no probability, or 0.
        """
        if not 0 < alpha <= 1:
            raise ConfigurationError(
                f"the segmentation's alpha={alpha} is out of range; "
                "for BPE the share of dropped merges: more than 0, at most 1"
            )
        self._inventory = inventory
        self._alpha = alpha
        self._cache: dict[tuple[str, tuple[int, ...]], tuple[list[int], int]] = {}

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Sample the ids of each word."""
        if len(self._cache) > CACHE_SIZE:
            self._cache.clear()
        gaps = _gaps(self._alpha, random)
        return Ragged.from_lists([self._sample(word, gaps) for word in words])

    def _sample(self, word: str, gaps: Iterator[int]) -> list[int]:
        dropped: tuple[int, ...] = ()
        next_drop = next(gaps)
        while True:
            key = (word, dropped)
            if key not in self._cache:
                self._cache[key] = self.merge(word, dropped)
            ids, merges = self._cache[key]
            if next_drop > merges:
                return ids
            dropped += (next_drop,)
            next_drop += next(gaps)

    def merge(self, word: str, dropped: Sequence[int]) -> tuple[list[int], int]:
        """Merge a word's characters to pieces, without the dropped merges.

        Args:
            word: a word.
            dropped: numbers of merges, counted from 1 in the order in which they are considered.

        Returns:
            ids, and the number of merges considered.
        """
        if word in self._inventory.symbols:
            return [self._inventory.symbols[word]], 0
        symbols = list(word)
        scores = [self._score(left + right) for left, right in pairwise(symbols)]
        merges = 0
        while scores and (best := max(scores)) > IMPOSSIBLE:
            merges += 1
            index = scores.index(best)
            if merges in dropped:
                scores[index] = IMPOSSIBLE
                continue
            symbols[index : index + 2] = ["".join(symbols[index : index + 2])]
            del scores[index]
            for changed in range(max(0, index - 1), min(index + 1, len(scores))):
                scores[changed] = self._score(symbols[changed] + symbols[changed + 1])
        return self._ids(symbols), merges

    def _score(self, piece: str) -> float:
        id_ = self._inventory.ids.get(piece)
        return IMPOSSIBLE if id_ is None else self._inventory.scores[id_]

    def _ids(self, symbols: list[str]) -> list[int]:
        ids: list[int] = []
        for symbol in symbols:
            id_ = self._inventory.ids.get(symbol)
            symbol_ids = unknown(symbol, self._inventory) if id_ is None else [id_]
            if symbol_ids != [UNKNOWN] or ids[-1:] != [UNKNOWN]:
                ids += symbol_ids
        return ids


def _gaps(alpha: float, random: np.random.Generator) -> Iterator[int]:
    """Yield the number of merges from one dropped merge to the next, the latter included."""
    while True:
        yield from random.geometric(alpha, 10_000).tolist()
