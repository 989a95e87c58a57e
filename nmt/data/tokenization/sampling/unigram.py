"""Drawing from all ways to cut a word, by their probability under the unigram model.

Kudo (2018), "Subword Regularization", section 3.3: P(pieces) is proportional to the product of
the pieces' probabilities, to the power of alpha. As no piece crosses a space, words are
independent, and each is drawn exactly by forward filtering and backward sampling, here mirrored:
the weights of all ways from a place to the word's end are summed once a word, and then pieces
are drawn from left to right. All words of a window move at once: a step of all of them is one
binary search.
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

CACHED = 3_000_000  # edges of the words whose tables are kept, 100 MB
WORD_END = -1
EVERYTHING = 1 << 32  # of a place's edges: their shares end here


class UnigramSampler(Sampler):
    """Draws cuts of words; remembers their tables, which change nothing in what is drawn."""

    def __init__(self, inventory: Inventory, alpha: float) -> None:
        """Take a unigram model's pieces.

        Args:
            inventory: the pieces.
            alpha: exponent of the probabilities; 0 draws evenly from all ways, 1 by the model.

        Raises:
            ConfigurationError: if alpha is negative or not finite.
        """
        if not 0 <= alpha < math.inf:
            raise ConfigurationError(f"the segmentation's alpha={alpha} is out of range; 0 or more")
        self._inventory = inventory
        self._longest = max(map(len, inventory.ids), default=1)
        scores = {piece: inventory.scores[number] for piece, number in inventory.ids.items()}
        self._floor = alpha * (min(scores.values()) - 10)
        self._weights = {piece: (alpha * scores[piece], inventory.ids[piece]) for piece in scores}
        self._tables: dict[str, Int[np.ndarray, "edges columns"]] = {}
        self._cached = 0

    def __call__(self, words: Sequence[str], random: np.random.Generator) -> Ragged:
        """Draw the ids of each word."""
        if not words:
            return Ragged.of([])
        numbers: dict[str, int] = {}
        kinds = np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), np.int64)
        limits, nexts, ids, starts = self._joined(list(numbers))
        rows, nodes = np.arange(len(words)), starts[kinds]
        drawn_rows, drawn_ids = [], []
        while len(rows):
            draws = random.integers(EVERYTHING, size=len(rows))
            edges = np.searchsorted(limits, (nodes << 32) + draws, "right")
            drawn_rows.append(rows)
            drawn_ids.append(ids[edges])
            nodes = nexts[edges]
            rows, nodes = rows[nodes != WORD_END], nodes[nodes != WORD_END]
        return self._collected(np.concatenate(drawn_rows), np.concatenate(drawn_ids), len(words))

    def _joined(self, words: list[str]) -> tuple[Int[np.ndarray, " n"], ...]:
        """Number the places of all words through; an edge's limit is its place and its share."""
        if self._cached > CACHED:
            self._tables.clear()
            self._cached = 0
        for word in words:
            if word not in self._tables:
                self._tables[word] = self._table(word)
                self._cached += len(self._tables[word])
        tables = [self._tables[word] for word in words]
        sizes = np.array([int(table[-1, 0]) + 1 for table in tables])
        starts = np.cumsum(sizes) - sizes
        shifts = np.repeat(starts, [len(table) for table in tables])
        nodes, shares, nexts, ids = np.concatenate(tables).T
        nexts = np.where(nexts == WORD_END, WORD_END, nexts + shifts)
        return ((nodes + shifts) << 32) + shares, nexts, ids, starts

    def _table(self, word: str) -> Int[np.ndarray, "edges columns"]:
        """Give the edges of a word's lattice: place, share up to here in 2^-32, next place, id."""
        if word in self._inventory.symbols:
            return np.array([[0, EVERYTHING, WORD_END, self._inventory.symbols[word]]])
        sums = [0.0] * (len(word) + 1)
        edges: list[list[tuple[int, int, int, int]]] = []
        for place in reversed(range(len(word))):
            found = self._edges(word, place, sums)
            top = max(found)[0]
            shares = list(accumulate(math.exp(weight - top) for weight, _, _ in found))
            sums[place] = top + math.log(shares[-1])
            scale = EVERYTHING / shares[-1]
            limits = [min(int(share * scale), EVERYTHING) for share in shares[:-1]]
            edges.append(
                [
                    (place, limit, end if end < len(word) else WORD_END, number)
                    for limit, (_, end, number) in zip((*limits, EVERYTHING), found, strict=True)
                ]
            )
        return np.array([edge for group in reversed(edges) for edge in group], np.int64)

    def _edges(self, word: str, place: int, sums: list[float]) -> list[tuple[float, int, int]]:
        """Give what may stand here: the weight of all ways through it, its end, its id."""
        found = []
        for end in range(place + 1, min(len(word), place + self._longest) + 1):
            piece = self._weights.get(word[place:end])
            if piece is not None:
                found.append((piece[0] + sums[end], end, piece[1]))
        if not found or found[0][1] != place + 1:
            found.append((self._floor + sums[place + 1], place + 1, -1 - ord(word[place])))
        return found

    def _collected(
        self, rows: Int[np.ndarray, " drawn"], ids: Int[np.ndarray, " drawn"], count: int
    ) -> Ragged:
        """Sort what was drawn step by step to be word by word, and spell unknown characters."""
        order = np.argsort(rows, kind="stable")
        rows, ids = rows[order], ids[order]
        strange = ids < 0
        spelt = [unknown(chr(-1 - number), self._inventory) for number in ids[strange]]
        repeats = np.ones(len(ids), np.int64)
        repeats[strange] = [len(spelling) for spelling in spelt]
        rows, ids = np.repeat(rows, repeats), np.repeat(ids, repeats)
        ids[ids < 0] = list(chain.from_iterable(spelt))
        again = (ids[1:] == UNKNOWN) & (ids[:-1] == UNKNOWN) & (rows[1:] == rows[:-1])
        kept = np.concatenate([[True], ~again])
        lengths = np.bincount(rows[kept], minlength=count)
        return Ragged(ids[kept], np.cumsum(lengths) - lengths, lengths)
