"""Pairs side by side: length-bucketed batches within a budget, the same for the same numbers.

What a batch costs is measured as rows x (pieces of its longest sentence, on either side, END
included): padding counts, and neither side alone exceeds the budget. A pair that is longer than
the budget by itself is a batch by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from nmt.data.batch import Batch
from nmt.data.preparation.shards import Shards
from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.runtime.errors import ConfigurationError


@runtime_checkable
class Segmentation(Protocol):
    """Where the ids of a window of pairs come from."""

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Give the sources and targets of these rows; the same for the same arguments."""
        ...


@dataclass(frozen=True)
class BestSegmentation(Segmentation):
    """Each sentence in its most probable pieces, as preparation stored them."""

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Copy the stored ids."""
        return shards.sources(rows), shards.targets(rows)


@dataclass(frozen=True)
class SampledSegmentation(Segmentation):
    """Other pieces in each epoch, drawn from the text (subword regularisation, BPE dropout).

    Attributes:
        source_alpha: how `Tokenizer.sample_lines` draws the source; None: the stored pieces.
        target_alpha: the same for the target.
    """

    source_alpha: float | None
    target_alpha: float | None

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Draw the pieces of all rows."""
        if self.source_alpha is None:
            sources = shards.sources(rows)
        else:
            texts = shards.source_texts(rows)
            sources = tokenizers.source.sample_lines(texts, self.source_alpha, seed)
        if self.target_alpha is None:
            return sources, shards.targets(rows)
        texts = shards.target_texts(rows)
        return sources, tokenizers.target.sample_lines(texts, self.target_alpha, seed ^ 1)


@dataclass(frozen=True)
class BucketedBatches:
    """The batches of a split, epoch after epoch, for one of several processes.

    An epoch shuffles all pairs, takes them window by window, sorts a window by length, cuts it
    into batches and shuffles these. Several processes deal out the rows of each batch: the first
    to rank 0, the second to rank 1. So all have sentences of about the same length at the same
    moment, wait little for each other, and learn what one process learns. If a batch has fewer
    rows, the ranks left over get one without a single target piece (mask all false), so that all
    make the same number of updates and the ranks together see each pair once.

    Attributes:
        shards: the pairs.
        tokenizers: what `segmentation` may cut the text with.
        segmentation: where the ids come from.
        budget: pieces that a batch may cost, padding and END included, on the longer side; all
            its parts together.
        window: pairs that are sorted together; larger is less padding, smaller is more chance.
        seed: chooses the order.
        rank: number of this process, from 0.
        ranks: how many processes there are.
    """

    shards: Shards
    tokenizers: Tokenizers
    segmentation: Segmentation
    budget: int
    window: int
    seed: int
    rank: int
    ranks: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no batch."""
        for key, value in (("budget", self.budget), ("window", self.window)):
            if value < 1:
                raise ConfigurationError(f"batches.{key}={value} is too small; expected 1 or more")

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Give this rank's rows of the batches of an epoch.

        Args:
            number: the epoch's; each has another order.
            skip: batches to pass over at the start, without making their tensors.
        """
        for cut in islice(self._cuts(number), skip, None):
            yield cut.part(self.rank, self.ranks)

    def _cuts(self, epoch: int) -> Iterator["_Cut"]:
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.shards))
        for window in range(-(-len(order) // self.window)):
            random = np.random.default_rng([self.seed, epoch, window + 1])
            rows = order[window * self.window : (window + 1) * self.window]
            seed = int(random.integers(1 << 32))
            pair = self.segmentation(self.shards, self.tokenizers, rows, seed)
            cuts = _cut(*pair, self.budget, random.permutation(len(rows)))
            for place in random.permutation(len(cuts)):
                yield _Cut(*pair, cuts[place])


@dataclass(frozen=True)
class _Cut:
    """A batch before its tensors are made."""

    sources: Ragged
    targets: Ragged
    rows: Int[np.ndarray, " rows"]

    def batch(self) -> Batch:
        sources, targets = self.sources.take(self.rows), self.targets.take(self.rows)
        return Batch(_padded(sources.compact(), 0), _padded(targets.compact(), 1))

    def part(self, number: int, parts: int) -> Batch:
        """Deal the rows, which are sorted by length, out to so many; give one's."""
        rows = self.rows[number::parts]
        return _Cut(self.sources, self.targets, rows).batch() if len(rows) else _nothing()


def in_order(sources: Ragged, targets: Ragged, budget: int) -> Iterator[tuple[list[int], Batch]]:
    """Give each pair once, short pairs first, with the numbers of the rows; nothing is drawn."""
    for rows in _cut(sources, targets, budget, np.arange(len(targets.lengths))):
        yield rows.tolist(), _Cut(sources, targets, rows).batch()


def _cut(
    sources: Ragged, targets: Ragged, budget: int, ties: Int[np.ndarray, " rows"]
) -> list[Int[np.ndarray, " taken"]]:
    """Sort by target length, source length, ties; then fill batches up to the budget.

    Source lengths rise and fall in turns, so that a batch with targets of two lengths has sources
    of about the same.
    """
    rising = np.where(targets.lengths % 2 == 0, 1, -1)
    order = np.lexsort((ties, rising * sources.lengths, targets.lengths))
    costs = (np.maximum(sources.lengths, targets.lengths)[order] + 1).tolist()
    starts, longest = [0], 0
    for place, cost in enumerate(costs):
        longest = max(longest, cost)
        if place > starts[-1] and (place - starts[-1] + 1) * longest > budget:
            starts.append(place)
            longest = cost
    return [rows for rows in np.split(order, starts[1:]) if len(rows)]


def _padded(ids: Ragged, begin: int) -> Int[Tensor, "rows width"]:
    """Set each row between `begin` BEGINs and an END, and pad it."""
    rows = len(ids.lengths)
    ends = ids.lengths + begin
    width = int(ends.max()) + 1
    padded = np.full((rows, width), PADDING, np.int64)
    padded[:, :begin] = BEGIN
    places = np.arange(width)[None]
    padded[(places >= begin) & (places < ends[:, None])] = ids.values
    padded[np.arange(rows), ends] = END
    return torch.from_numpy(padded)


def _nothing() -> Batch:
    return Batch(torch.tensor([[END]]), torch.tensor([[BEGIN, PADDING]]))
