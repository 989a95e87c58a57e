"""How often n-grams occur, and after how many different pieces."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, UNKNOWN
from nmt.runtime.errors import CorpusError


@dataclass(frozen=True)
class NGramCounts:
    """The n-grams of one order, sorted by key as in `nmt.models.language_models.ngrams.tables`.

    Attributes:
        keys: row of the context, one order below, · pieces + last piece.
        suffixes: row, one order below, of the n-gram without its first piece; 0 in order 1.
        counts: adjusted for Kneser-Ney smoothing.
    """

    keys: Int[np.ndarray, " ngrams"]
    suffixes: Int[np.ndarray, " ngrams"]
    counts: Int[np.ndarray, " ngrams"]


def adjusted_counts(lines: Ragged, pieces: int, order: int) -> list[NGramCounts]:
    """Count the n-grams of all orders up to `order`; a line is BEGIN, its ids, END.

    An n-gram of the highest order, or one that starts with BEGIN, counts its occurrences; any
    other counts the different pieces before it. BEGIN itself counts nothing.

    Source: Heafield et al. 2013, section 3.2.

    Raises:
        CorpusError: if there is no line, or an id that text cannot have.
    """
    stream, left = _stream(lines, pieces)
    occurrences = np.bincount(stream, minlength=pieces)
    occurrences[BEGIN] = 0
    counted = [NGramCounts(np.arange(pieces), np.zeros(pieces, np.int64), occurrences)]
    rows = stream
    first = np.arange(pieces) == BEGIN
    for length in range(2, order + 1):
        positions = np.flatnonzero(left >= length)
        keys, examples, inverse, occurrences = np.unique(
            rows[positions] * pieces + stream[positions + length - 1],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        suffixes = rows[positions[examples] + 1]
        below = counted[-1]
        before = np.bincount(suffixes, minlength=len(below.keys))
        counted[-1] = replace(below, counts=np.where(first, below.counts, before))
        counted.append(NGramCounts(keys, suffixes, occurrences))
        rows = np.zeros_like(stream)
        rows[positions] = inverse
        first = first[keys // pieces]
    return counted


def _stream(
    lines: Ragged, pieces: int
) -> tuple[Int[np.ndarray, " positions"], Int[np.ndarray, " positions"]]:
    """Join all lines with BEGIN and END; return also the pieces left in a line at each position."""
    if len(lines.lengths) == 0:
        raise CorpusError("n-grams cannot be counted: the text has no line")
    ids = lines.compact().values
    invalid = ids[((ids <= END) & (ids != UNKNOWN)) | (ids >= pieces)]
    if invalid.size:
        raise CorpusError(
            f"n-grams cannot be counted: the text has the id {invalid[0]}, expected UNKNOWN or one"
            f" from {END + 1} to {pieces - 1}"
        )
    ends = np.cumsum(lines.lengths + 2)
    stream = np.zeros(ends[-1], np.int64)
    left = np.repeat(ends, lines.lengths + 2) - np.arange(len(stream))
    stream[ends - 1] = END
    stream[ends - lines.lengths - 2] = BEGIN
    stream[stream == 0] = ids
    return stream, left
