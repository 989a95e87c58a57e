"""Length-bucketed batches of sentence pairs within a budget, deterministic for a seed.

The cost of a batch is rows x (pieces of its longest sentence, on either side, END included), so
padding counts. A pair that exceeds the budget by itself is a batch of its own.
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
from nmt.runtime.errors import require


@runtime_checkable
class Segmentation(Protocol):
    """Where the ids of a window of pairs come from."""

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Return the sources and targets of these rows; the same for the same arguments."""
        ...


@dataclass(frozen=True)
class BestSegmentation(Segmentation):
    """The most probable pieces of each sentence, as stored by the preparation."""

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Copy the stored ids."""
        return shards.sources(rows), shards.targets(rows)


@dataclass(frozen=True)
class SampledSegmentation(Segmentation):
    """Pieces sampled anew in each epoch (subword regularization, BPE dropout).

    Attributes:
        source_alpha: of `Tokenizer.sample_lines` for the source; None uses the stored pieces.
        target_alpha: the same for the target.
    """

    source_alpha: float | None
    target_alpha: float | None

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Sample the pieces of all rows."""
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

    An epoch shuffles all pairs, and sorts them by length within windows, which are divided into
    batches and these shuffled. The rows of each batch are dealt out to the processes in turn, so
    that all have sentences of about the same length at the same time, and together compute what
    one process would. Ranks left without a row get a batch without target pieces (mask all
    false), so that all make the same number of updates.

    Attributes:
        shards: the pairs.
        tokenizers: for the segmentation.
        segmentation: where the ids come from.
        budget: cost of a batch, padding and END included; of all its processes together.
        window: pairs sorted together; a larger one means less padding, but less random batches.
        seed: of the order.
        rank: of this process, from 0.
        ranks: number of processes.

    Raises:
        ConfigurationError: if budget or window is less than 1.
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
        """Validate the values."""
        require(self.budget >= 1, "batches.budget", self.budget, "1 or more")
        require(self.window >= 1, "batches.window", self.window, "1 or more")

    def epoch(self, number: int, skip: int) -> Iterator[Batch]:
        """Yield this rank's rows of the batches of an epoch.

        Args:
            number: of the epoch; each has another order.
            skip: batches skipped at the start, without building their tensors.
        """
        for batch in islice(self._batches(number), skip, None):
            yield batch.share(self.rank, self.ranks)

    def _batches(self, epoch: int) -> Iterator["_BatchRows"]:
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.shards))
        for window in range(-(-len(order) // self.window)):
            random = np.random.default_rng([self.seed, epoch, window + 1])
            rows = order[window * self.window : (window + 1) * self.window]
            seed = int(random.integers(1 << 32))
            pair = self.segmentation(self.shards, self.tokenizers, rows, seed)
            batches = _divide(*pair, self.budget, random.permutation(len(rows)))
            for index in random.permutation(len(batches)):
                yield _BatchRows(*pair, batches[index])


@dataclass(frozen=True)
class _BatchRows:
    """The rows of a batch whose tensors are not built yet."""

    sources: Ragged
    targets: Ragged
    rows: Int[np.ndarray, " rows"]

    def batch(self) -> Batch:
        sources, targets = self.sources.take(self.rows), self.targets.take(self.rows)
        return Batch(_pad(sources.compact(), 0), _pad(targets.compact(), 1))

    def share(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th row from `rank`; the rows are sorted by length."""
        rows = self.rows[rank::ranks]
        return _BatchRows(self.sources, self.targets, rows).batch() if len(rows) else _empty()


def batches_in_order(
    sources: Ragged, targets: Ragged, budget: int
) -> Iterator[tuple[list[int], Batch]]:
    """Yield each pair once, short pairs first, in batches with their row numbers; no shuffling."""
    for rows in _divide(sources, targets, budget, np.arange(len(targets.lengths))):
        yield rows.tolist(), _BatchRows(sources, targets, rows).batch()


def _divide(
    sources: Ragged, targets: Ragged, budget: int, ties: Int[np.ndarray, " rows"]
) -> list[Int[np.ndarray, " taken"]]:
    """Sort rows by target length, source length and ties, and fill batches up to the budget.

    Source lengths alternately ascend and descend, so that where a batch has targets of two
    lengths, its sources have about the same length.
    """
    direction = np.where(targets.lengths % 2 == 0, 1, -1)
    order = np.lexsort((ties, direction * sources.lengths, targets.lengths))
    widths = (np.maximum(sources.lengths, targets.lengths)[order] + 1).tolist()
    starts, widest = [0], 0
    for index, width in enumerate(widths):
        widest = max(widest, width)
        if index > starts[-1] and (index - starts[-1] + 1) * widest > budget:
            starts.append(index)
            widest = width
    return [rows for rows in np.split(order, starts[1:]) if len(rows)]


def _pad(ids: Ragged, begins: int) -> Int[Tensor, "rows width"]:
    """Put `begins` times BEGIN before each row and END after it, and pad the rows."""
    rows = len(ids.lengths)
    ends = ids.lengths + begins
    width = int(ends.max()) + 1
    padded = np.full((rows, width), PADDING, np.int64)
    padded[:, :begins] = BEGIN
    positions = np.arange(width)[None]
    padded[(positions >= begins) & (positions < ends[:, None])] = ids.values
    padded[np.arange(rows), ends] = END
    return torch.from_numpy(padded)


def _empty() -> Batch:
    return Batch(torch.tensor([[END]]), torch.tensor([[BEGIN, PADDING]]))
