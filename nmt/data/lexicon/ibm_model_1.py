"""IBM model 1: which pieces translate which, estimated from sentence pairs.

`P(target | source) = Π_j Σ_i t(target_j | source_i) / (1 + source length)`, where i runs over the
source's pieces and a null piece; `t` is estimated by expectation maximization.

Source: Brown et al. 1993, "The Mathematics of Statistical Machine Translation", section 4.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from nmt.data.ragged import Ragged

ITERATIONS = 5
BLOCK = 1 << 20  # links expanded at once
NULL = 0
"""The source piece linked to target pieces that translate nothing: PADDING's id."""


@dataclass(frozen=True)
class Translations:
    """Probabilities of pairs of pieces that co-occur in some sentence pair; others are 0.

    Attributes:
        source: source piece of each pair, ascending; NULL is one of them.
        target: target piece of each pair, ascending for each source piece.
        probabilities: `t(target | source)`, which sum to 1 for each source piece.
    """

    source: Int[np.ndarray, " pairs"]
    target: Int[np.ndarray, " pairs"]
    probabilities: Float[np.ndarray, " pairs"]


@dataclass(frozen=True)
class _Links:
    """All links of some sentence pairs, those of a target position one after the other.

    Attributes:
        pairs: of each link the index of its pair of pieces, or the pair's key.
        starts: index of each target position's first link.
        lengths: number of each target position's links.
    """

    pairs: Int[np.ndarray, " links"]
    starts: Int[np.ndarray, " positions"]
    lengths: Int[np.ndarray, " positions"]


def count_links(
    source: Int[np.ndarray, " rows"], target: Int[np.ndarray, " rows"]
) -> Int[np.ndarray, " rows"]:
    """Return the number of links of sentence pairs, to which memory and time are proportional.

    Args:
        source: length of each source sentence in pieces.
        target: length of each target sentence.
    """
    return (source.astype(np.int64) + 1) * target


def learn(sources: Ragged, targets: Ragged, target_pieces: int) -> Translations:
    """Run `ITERATIONS` of expectation maximization from uniform probabilities; deterministic.

    Args:
        sources: ids of each sentence.
        targets: ids of its translation.
        target_pieces: size of the target vocabulary.
    """
    keys = np.zeros(0, np.int64)
    blocks, block_keys = [], []
    for block in _blocks(sources, targets, target_pieces):
        own, indices = np.unique(block.pairs, return_inverse=True)
        keys = _distinct(np.concatenate([keys, own]))
        block_keys.append(own)
        blocks.append(_Links(indices.astype(np.int32), block.starts, block.lengths))
    blocks = [
        replace(block, pairs=np.searchsorted(keys, own).astype(np.int32)[block.pairs])
        for block, own in zip(blocks, block_keys, strict=True)
    ]
    source, target = np.divmod(keys, target_pieces)
    probabilities = np.ones(len(keys))
    for _ in range(ITERATIONS):
        counts = _expected_counts(blocks, probabilities)
        totals = np.bincount(source, counts)
        probabilities = counts / totals[source]
    return Translations(source, target, probabilities)


def _distinct(keys: Int[np.ndarray, " keys"]) -> Int[np.ndarray, " pairs"]:
    """Return the distinct keys, ascending; `np.unique` hashes, which takes much longer."""
    ordered = np.sort(keys)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _expected_counts(
    blocks: list[_Links], probabilities: Float[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    """Return the expected number of links of each pair of pieces."""
    counts = np.zeros(len(probabilities))
    for block in blocks:
        posteriors = probabilities[block.pairs]
        posteriors /= np.repeat(np.add.reduceat(posteriors, block.starts), block.lengths)
        counts += np.bincount(block.pairs, posteriors, minlength=len(counts))
    return counts


def _blocks(sources: Ragged, targets: Ragged, target_pieces: int) -> Iterator[_Links]:
    """Yield the links of consecutive sentence pairs."""
    totals = np.cumsum(count_links(sources.lengths, targets.lengths))
    if not len(totals):
        return
    for rows in np.split(np.arange(len(totals)), np.flatnonzero(np.diff(totals // BLOCK)) + 1):
        block = _expand(sources.take(rows).compact(), targets.take(rows).compact(), target_pieces)
        if len(block.starts):
            yield block


def _expand(source: Ragged, target: Ragged, target_pieces: int) -> _Links:
    """Link each target position to NULL and to all positions of its source."""
    with_null = np.concatenate([[NULL], source.values]).astype(np.int64)
    rows = np.repeat(np.arange(len(target.lengths)), target.lengths)
    lengths = source.lengths[rows] + 1
    starts = np.cumsum(lengths) - lengths
    within = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    positions = np.where(within == 0, 0, np.repeat(source.starts[rows], lengths) + within)
    pairs = with_null[positions] * target_pieces
    pairs += np.repeat(target.values.astype(np.int64), lengths)
    return _Links(pairs, starts, lengths)
