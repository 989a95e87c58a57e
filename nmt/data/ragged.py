"""Rows of ids of different lengths in one array, so that many rows move at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from jaxtyping import Int, Integer


@dataclass(frozen=True)
class Ragged:
    """Rows of ids of different lengths, one after the other in one array.

    Attributes:
        values: the ids of all rows.
        starts: where in `values` each row starts.
        lengths: how many ids each row has.
    """

    values: Integer[np.ndarray, " ids"]
    starts: Int[np.ndarray, " rows"]
    lengths: Int[np.ndarray, " rows"]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "Ragged":
        """Copy lists of ids."""
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        total = int(lengths.sum())
        values = np.fromiter(chain.from_iterable(rows), np.int64, total)
        return cls(values, np.cumsum(lengths) - lengths, lengths)

    def take(self, rows: Int[np.ndarray, " taken"]) -> "Ragged":
        """Give these rows, in this order; `values` stays the same array."""
        return Ragged(self.values, self.starts[rows], self.lengths[rows])

    def compact(self) -> "Ragged":
        """Copy the rows so that they follow each other in `values`, and nothing else is there."""
        starts = np.cumsum(self.lengths) - self.lengths
        shifts = np.repeat(self.starts - starts, self.lengths)
        return Ragged(self.values[np.arange(len(shifts)) + shifts], starts, self.lengths)

    def joined(self, counts: Sequence[int]) -> "Ragged":
        """Make one row of the first `counts[0]` rows, one of the next `counts[1]`, and so on.

        The rows must follow each other in `values`, as `of` and `compact` leave them.
        """
        bounds = np.cumsum([0, *counts])
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])
        return Ragged(self.values, ends[bounds[:-1]], np.diff(ends[bounds]))
