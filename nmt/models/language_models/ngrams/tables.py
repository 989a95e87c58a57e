"""The n-grams of a back-off model in sorted arrays, one per order, looked up many at a time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nmt.runtime.errors import ModelError


@dataclass(frozen=True)
class NGramTables:
    """A trie of n-grams, one level per order.

    The key of an n-gram is the row of its context in the order below, combined with its last
    piece: `key = row · pieces + piece`. Each order is sorted by key, and a row is an index into
    that order. Order 1 has all pieces, so that its rows are ids. With `p` and `b` of these tables
    (logarithms, in nats): `log p(w | h) = p(h w)` if the n-gram `h w` is known, else
    `b(h) + log p(w | h without its first piece)`, where `b` of an unknown `h` is 0.

    Attributes:
        pieces: size of the vocabulary.
        keys: of each order, lowest first.
        log_probabilities: of each order's n-grams; -inf where a piece is never predicted.
        backoffs: of each order's n-grams as contexts; the highest order has none.
    """

    pieces: int
    keys: tuple[Int[np.ndarray, " _"], ...]
    log_probabilities: tuple[Float[np.ndarray, " _"], ...]
    backoffs: tuple[Float[np.ndarray, " _"], ...]

    @property
    def order(self) -> int:
        """Return the number of pieces of the longest n-grams."""
        return len(self.keys)

    def find(self, ngrams: Int[np.ndarray, "ngrams length"]) -> Int[np.ndarray, " ngrams"]:
        """Return the rows of n-grams of one length, in that length's order; -1 if unknown."""
        rows = np.zeros(len(ngrams), np.int64)
        for keys, last in zip(self.keys, ngrams.T, strict=False):
            wanted = rows * self.pieces + last
            indices = np.searchsorted(keys, wanted)
            inside = indices < len(keys)
            rows = np.full(len(ngrams), -1)
            rows[inside] = np.where(keys[indices[inside]] == wanted[inside], indices[inside], -1)
        return rows

    def check(self) -> None:
        """Check that the arrays fit each other, so that no look-up can leave them.

        Raises:
            ModelError: names the order and what is wrong with it.
        """
        unigrams = self.keys[0] if self.keys else np.empty(0, np.int64)
        if not np.array_equal(unigrams, np.arange(self.pieces)):
            raise ModelError(f"the n-grams of order 1 are not the {self.pieces} pieces")
        contexts = 1
        for order, keys in enumerate(self.keys, start=1):
            name = f"the n-grams of order {order}"
            if keys.size and not (keys.min() >= 0 and keys.max() < contexts * self.pieces):
                raise ModelError(f"{name} have contexts that order {order - 1} does not have")
            if not np.all(keys[1:] > keys[:-1]):
                raise ModelError(f"{name} are not sorted, or not distinct")
            contexts = len(keys)
        self._check_numbers()

    def _check_numbers(self) -> None:
        lengths = [len(keys) for keys in self.keys]
        if [len(table) for table in self.log_probabilities] != lengths:
            raise ModelError(f"{sum(lengths)} n-grams do not have a log-probability each")
        if [len(table) for table in self.backoffs] != lengths[:-1]:
            raise ModelError(f"{sum(lengths[:-1])} contexts do not have a back-off each")
        for order, table in enumerate(self.log_probabilities, start=1):
            if not np.all(table <= 0):
                raise ModelError(f"the n-grams of order {order} have a log-probability above 0")
        for order, table in enumerate(self.backoffs, start=1):
            if not np.all(np.isfinite(table)):
                raise ModelError(f"the n-grams of order {order} have a back-off that is not finite")
