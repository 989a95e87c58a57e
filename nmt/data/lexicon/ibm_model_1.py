"""Which pieces translate which, learnt from pairs of sentences: IBM model 1.

`P(target | source) = Π_j Σ_i t(target_j | source_i) / (1 + places)` over the source's pieces and
one that stands for none of them; `t` is found by expectation and maximisation.

Source: Brown et al. 1993, "The Mathematics of Statistical Machine Translation", section 4.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from nmt.data.ragged import Ragged

ROUNDS = 5
BLOCK = 1 << 20  # links of a source's place to a target's place that are spread out at once
NOTHING = 0
"""The source piece to which a target piece is linked that translates none: PADDING's id."""


@dataclass(frozen=True)
class Translations:
    """Probabilities of pairs of pieces that stand in some pair of sentences; the others are 0.

    Attributes:
        source: the first piece of each pair, ascending; NOTHING is one of them.
        target: the second, ascending for each source piece.
        probabilities: `t(target | source)`, which sum to 1 for each source piece.
    """

    source: Int[np.ndarray, " pairs"]
    target: Int[np.ndarray, " pairs"]
    probabilities: Float[np.ndarray, " pairs"]


@dataclass(frozen=True)
class _Links:
    """All links of some pairs of sentences, those of a target place one after the other.

    Attributes:
        pairs: for each link the number of its pair of pieces, or what makes one of it.
        starts: for each target place its first link.
        lengths: and how many it has.
    """

    pairs: Int[np.ndarray, " links"]
    starts: Int[np.ndarray, " places"]
    lengths: Int[np.ndarray, " places"]


def links(
    source: Int[np.ndarray, " rows"], target: Int[np.ndarray, " rows"]
) -> Int[np.ndarray, " rows"]:
    """Count the links of pairs of sentences of so many pieces: memory and time go by these."""
    return (source.astype(np.int64) + 1) * target


def learn(sources: Ragged, targets: Ragged, target_pieces: int) -> Translations:
    """Make `ROUNDS` rounds from equal probabilities; the same pairs give the same result.

    Args:
        sources: ids of each sentence.
        targets: ids of its translation.
        target_pieces: more than the largest id of the targets.
    """
    keys = np.zeros(0, np.int64)
    spread, own = [], []
    for block in _blocks(sources, targets, target_pieces):
        found, numbers = np.unique(block.pairs, return_inverse=True)
        keys = _distinct(np.concatenate([keys, found]))
        own.append(found)
        spread.append(_Links(numbers.astype(np.int32), block.starts, block.lengths))
    blocks = [
        replace(block, pairs=np.searchsorted(keys, found).astype(np.int32)[block.pairs])
        for block, found in zip(spread, own, strict=True)
    ]
    source, target = np.divmod(keys, target_pieces)
    probabilities = np.ones(len(keys))
    for _ in range(ROUNDS):
        counts = _expected(blocks, probabilities)
        totals = np.bincount(source, counts)
        probabilities = counts / totals[source]
    return Translations(source, target, probabilities)


def _distinct(keys: Int[np.ndarray, " keys"]) -> Int[np.ndarray, " pairs"]:
    """Give each once, ascending; `np.unique` hashes them, which takes several times as long."""
    ordered = np.sort(keys)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _expected(
    blocks: list[_Links], probabilities: Float[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    """Count each pair of pieces as often as it is linked, by these probabilities."""
    counts = np.zeros(len(probabilities))
    for block in blocks:
        shares = probabilities[block.pairs]
        shares /= np.repeat(np.add.reduceat(shares, block.starts), block.lengths)
        counts += np.bincount(block.pairs, shares, minlength=len(counts))
    return counts


def _blocks(sources: Ragged, targets: Ragged, target_pieces: int) -> Iterator[_Links]:
    """Spread out the links of some sentences after the other."""
    many = np.cumsum(links(sources.lengths, targets.lengths))
    if not len(many):
        return
    for rows in np.split(np.arange(len(many)), np.flatnonzero(np.diff(many // BLOCK)) + 1):
        block = _spread(sources.take(rows).compact(), targets.take(rows).compact(), target_pieces)
        if len(block.starts):
            yield block


def _spread(source: Ragged, target: Ragged, target_pieces: int) -> _Links:
    """Link each target place to NOTHING and to all places of its source."""
    begun = np.concatenate([[NOTHING], source.values]).astype(np.int64)
    rows = np.repeat(np.arange(len(target.lengths)), target.lengths)
    lengths = source.lengths[rows] + 1
    starts = np.cumsum(lengths) - lengths
    within = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    places = np.where(within == 0, 0, np.repeat(source.starts[rows], lengths) + within)
    pairs = begun[places] * target_pieces + np.repeat(target.values.astype(np.int64), lengths)
    return _Links(pairs, starts, lengths)
