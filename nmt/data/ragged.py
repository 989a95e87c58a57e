"""Rows of ids of different lengths in one array, so that many rows are moved in one operation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from jaxtyping import Int, Integer


@dataclass(frozen=True)
class Ragged:
    """Rows of ids of different lengths.

    Attributes:
        values: the ids of all rows.
        starts: index in `values` of each row's first id.
        lengths: number of ids of each row.
    """

    values: Integer[np.ndarray, " ids"]
    starts: Int[np.ndarray, " rows"]
    lengths: Int[np.ndarray, " rows"]

    @classmethod
    def from_lists(cls, rows: Sequence[Sequence[int]]) -> "Ragged":
        """Copy lists of ids."""
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        total = int(lengths.sum())
        values = np.fromiter(chain.from_iterable(rows), np.int64, total)
        return cls(values, np.cumsum(lengths) - lengths, lengths)

    def take(self, rows: Int[np.ndarray, " taken"]) -> "Ragged":
        """Return these rows, in this order; `values` is the same array."""
        return Ragged(self.values, self.starts[rows], self.lengths[rows])

    def compact(self) -> "Ragged":
        """Copy the rows so that they follow each other in `values` without gaps."""
        starts = np.cumsum(self.lengths) - self.lengths
        shifts = np.repeat(self.starts - starts, self.lengths)
        return Ragged(self.values[np.arange(len(shifts)) + shifts], starts, self.lengths)

    def concatenate(self, counts: Sequence[int]) -> "Ragged":
        """Join the first `counts[0]` rows to one row, the next `counts[1]` to another, and so on.

        The rows must follow each other in `values`, as those of `from_lists` and `compact` do.
        """
        bounds = np.cumsum([0, *counts])
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])
        return Ragged(self.values, ends[bounds[:-1]], np.diff(ends[bounds]))
