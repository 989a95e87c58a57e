"""Sampling from all segmentations of a word, by their probability under the unigram model.

Kudo (2018), "Subword Regularization", section 3.3: P(pieces) is proportional to the product of
the pieces' probabilities, to the power of alpha. As no piece crosses a space, words are
independent, and each is sampled exactly by forward filtering and backward sampling, here mirrored:
the weights of all paths from a position to the word's end are summed once per word, and then
pieces are sampled from left to right. All words of a window advance together: one step of all of
them is one binary search.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, chain

import numpy as np
from jaxtyping import Int

from nmt.data.ragged import Ragged
from nmt.data.special_ids import UNKNOWN
from nmt.data.tokenization.sampling.sampler import Inventory, Sampler, unknown
from nmt.runtime.errors import ConfigurationError

CACHE_SIZE = 3_000_000  # edges of the cached lattices, 100 MB
WORD_END = -1
ONE = 1 << 32  # the probability 1 in fixed point


class UnigramSampler(Sampler):
    """Samples segmentations; the cache of lattices does not affect the samples."""

    def __init__(self, inventory: Inventory, alpha: float) -> None:
        """Build a sampler.

        Args:
            inventory: the pieces of a unigram model.
            alpha: exponent of the probabilities; 0 is uniform over all segmentations, 1 the model.

        Raises:
            ConfigurationError: if alpha is negative or not finite.
        """
        if not 0 <= alpha < math.inf:
            raise ConfigurationError(f"the segmentation's alpha={alpha} is out of range; 0 or more")
        self._inventory = inventory
        self._longest = max(map(len, inventory.ids), default=1)
        scores = {piece: inventory.scores[id_] for piece, id_ in inventory.ids.items()}
        self._floor = alpha * (min(scores.values()) - 10)
        self._weights = {piece: (alpha * scores[piece], inventory.ids[piece]) for piece in scores}
        self._lattices: dict[str, Int[np.ndarray, "edges columns"]] = {}
        self._cached = 0

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Sample the ids of each word."""
        if not words:
            return Ragged.from_lists([])
        types: dict[str, int] = {}
        indices = np.fromiter((types.setdefault(word, len(types)) for word in words), np.int64)
        limits, ends, ids, starts = self._join(list(types))
        rows, positions = np.arange(len(words)), starts[indices]
        sampled_rows, sampled_ids = [], []
        while len(rows):
            samples = random.integers(ONE, size=len(rows))
            edges = np.searchsorted(limits, (positions << 32) + samples, "right")
            sampled_rows.append(rows)
            sampled_ids.append(ids[edges])
            positions = ends[edges]
            rows, positions = rows[positions != WORD_END], positions[positions != WORD_END]
        return self._collect(np.concatenate(sampled_rows), np.concatenate(sampled_ids), len(words))

    def _join(self, words: list[str]) -> tuple[Int[np.ndarray, " n"], ...]:
        """Join the lattices of all words, with positions counted across them.

        Returns:
            for each edge its limit (position and cumulative probability in one integer), its end
            and its id; and for each word its first position.
        """
        if self._cached > CACHE_SIZE:
            self._lattices.clear()
            self._cached = 0
        for word in words:
            if word not in self._lattices:
                self._lattices[word] = self._lattice(word)
                self._cached += len(self._lattices[word])
        lattices = [self._lattices[word] for word in words]
        sizes = np.array([int(lattice[-1, 0]) + 1 for lattice in lattices])
        starts = np.cumsum(sizes) - sizes
        shifts = np.repeat(starts, [len(lattice) for lattice in lattices])
        positions, cumulative, ends, ids = np.concatenate(lattices).T
        ends = np.where(ends == WORD_END, WORD_END, ends + shifts)
        return ((positions + shifts) << 32) + cumulative, ends, ids, starts

    def _lattice(self, word: str) -> Int[np.ndarray, "edges columns"]:
        """Return a word's edges: position, cumulative probability in 2^-32, end, id."""
        if word in self._inventory.symbols:
            return np.array([[0, ONE, WORD_END, self._inventory.symbols[word]]])
        weights = [0.0] * (len(word) + 1)
        lattice: list[list[tuple[int, int, int, int]]] = []
        for position in reversed(range(len(word))):
            edges = self._edges(word, position, weights)
            top = max(edges)[0]
            sums = list(accumulate(math.exp(weight - top) for weight, _, _ in edges))
            weights[position] = top + math.log(sums[-1])
            scale = ONE / sums[-1]
            limits = [min(int(share * scale), ONE) for share in sums[:-1]]
            lattice.append(
                [
                    (position, limit, end if end < len(word) else WORD_END, id_)
                    for limit, (_, end, id_) in zip((*limits, ONE), edges, strict=True)
                ]
            )
        return np.array([edge for edges in reversed(lattice) for edge in edges], np.int64)

    def _edges(
        self, word: str, position: int, weights: list[float]
    ) -> list[tuple[float, int, int]]:
        """Return the pieces that may start here: log-weight of all paths through, end, id.

        A character without a piece has the id -1 - its code point.
        """
        edges = []
        for end in range(position + 1, min(len(word), position + self._longest) + 1):
            piece = self._weights.get(word[position:end])
            if piece is not None:
                edges.append((piece[0] + weights[end], end, piece[1]))
        if not edges or edges[0][1] != position + 1:
            code = -1 - ord(word[position])
            edges.append((self._floor + weights[position + 1], position + 1, code))
        return edges

    def _collect(
        self, rows: Int[np.ndarray, " sampled"], ids: Int[np.ndarray, " sampled"], count: int
    ) -> Ragged:
        """Sort ids, sampled step by step, by word, and replace characters without a piece."""
        order = np.argsort(rows, kind="stable")
        rows, ids = rows[order], ids[order]
        is_character = ids < 0
        replaced = [unknown(chr(-1 - code), self._inventory) for code in ids[is_character]]
        repeats = np.ones(len(ids), np.int64)
        repeats[is_character] = [len(replacement) for replacement in replaced]
        rows, ids = np.repeat(rows, repeats), np.repeat(ids, repeats)
        ids[ids < 0] = list(chain.from_iterable(replaced))
        repeated = (ids[1:] == UNKNOWN) & (ids[:-1] == UNKNOWN) & (rows[1:] == rows[:-1])
        kept = np.concatenate([[True], ~repeated])
        lengths = np.bincount(rows[kept], minlength=count)
        return Ragged(ids[kept], np.cumsum(lengths) - lengths, lengths)
