"""An epoch holds each pair once, within the budget, in an order that seed and epoch decide."""

from itertools import combinations

import numpy as np
import pytest
import torch
from helpers.shards import TEXTS, tokenizers, written
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.batching import (
    BestSegmentation,
    BucketedBatches,
    SampledSegmentation,
    batches_in_order,
)
from nmt.data.preparation.shards import EncodedRows, Shards, ShardWriter, pack
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.runtime.errors import ConfigurationError


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return written(tmp_path_factory.mktemp("shards"))


def batches(shards, budget=60, window=50, seed=1, rank=0, ranks=1, segmentation=None):
    segmentation = segmentation or BestSegmentation()
    return BucketedBatches(shards, tokenizers(), segmentation, budget, window, seed, rank, ranks)


def same(left, right):
    return len(left) == len(right) and all(
        torch.equal(a.source, b.source) and torch.equal(a.target, b.target)
        for a, b in zip(left, right, strict=True)
    )


def texts(batch):
    """Return the pairs of a batch as text, after checking that each row is well formed."""
    pairs = []
    for source, target in zip(batch.source.tolist(), batch.target.tolist(), strict=True):
        assert target[0] == BEGIN
        lines = []
        for row, tokenizer in ((source, tokenizers().source), (target[1:], tokenizers().target)):
            end = row.index(END)
            assert PADDING not in row[:end] and BEGIN not in row[:end]
            assert set(row[end + 1 :]) <= {PADDING}
            lines.append(tokenizer.decode(row[:end]))
        pairs.append(tuple(lines))
    return pairs


def real(batch):
    return bool(batch.mask.any())


SEGMENTATIONS = [
    BestSegmentation(),
    SampledSegmentation(0.3, 0.3),
    SampledSegmentation(0.3, None),
    SampledSegmentation(None, 0.3),
]
NUMBERS = {
    "budget": st.integers(1, 300),
    "window": st.integers(1, 80),
    "seed": st.integers(0, 9),
    "ranks": st.integers(1, 4),
    "epoch": st.integers(0, 9),
}


@pytest.mark.parametrize("segmentation", SEGMENTATIONS, ids=repr)
@settings(max_examples=8, deadline=None)
@given(**NUMBERS)
def test_the_ranks_of_an_epoch_hold_each_pair_once_within_the_budget(
    shards, segmentation, budget, window, seed, ranks, epoch
):
    pairs, counts = [], set()
    for rank in range(ranks):
        mine = list(
            batches(shards, budget, window, seed, rank, ranks, segmentation).epoch(epoch, 0)
        )
        counts.add(len(mine))
        for batch in filter(real, mine):
            pairs += texts(batch)
            rows, width = batch.source.shape[0], max(batch.source.shape[1], batch.inputs.shape[1])
            assert rows * width <= budget or rows == 1
            assert batch.source_mask[:, -1].any() and batch.mask[:, -1].any()
    assert sorted(pairs) == sorted(TEXTS)
    assert len(counts) == 1


@settings(max_examples=10, deadline=None)
@given(**NUMBERS)
def test_rows_of_a_batch_are_distributed_over_the_ranks_in_turn(
    shards, budget, window, seed, ranks, epoch
):
    alone = map(texts, batches(shards, budget, window, seed).epoch(epoch, 0))
    each = [batches(shards, budget, window, seed, rank, ranks) for rank in range(ranks)]
    dealt = zip(*(mine.epoch(epoch, 0) for mine in each), strict=True)
    for whole, parts in zip(alone, dealt, strict=True):
        rows = [texts(part) if real(part) else [] for part in parts]
        assert rows == [whole[rank::ranks] for rank in range(ranks)]


@pytest.mark.parametrize("segmentation", SEGMENTATIONS, ids=repr)
@settings(max_examples=6, deadline=None)
@given(skip=st.integers(0, 60), **NUMBERS)
def test_skipping_batches_leaves_the_rest_of_the_epoch(
    shards, segmentation, skip, budget, window, seed, ranks, epoch
):
    data = batches(shards, budget, window, seed, ranks - 1, ranks, segmentation)
    again = batches(shards, budget, window, seed, ranks - 1, ranks, segmentation)
    assert same(list(again.epoch(epoch, skip)), list(data.epoch(epoch, 0))[skip:])


def test_seed_and_epoch_alone_determine_the_order(shards):
    first = list(batches(shards).epoch(0, 0))
    torch.manual_seed(5)
    np.random.seed(5)
    assert same(list(batches(shards).epoch(0, 0)), first)
    assert not same(list(batches(shards).epoch(1, 0)), first)
    assert not same(list(batches(shards, seed=2).epoch(0, 0)), first)


def test_pairs_are_batched_with_others_in_the_next_epoch(shards):
    def companies(epoch):
        for batch in batches(shards, budget=100).epoch(epoch, 0):
            yield from combinations(sorted(texts(batch)), 2)

    first, second = set(companies(0)), set(companies(1))
    assert len(first & second) < len(first) / 2


def test_sampling_gives_other_pieces_in_each_epoch_and_none_on_a_side_that_is_not_sampled(shards):
    def pieces(epoch):
        data = batches(shards, segmentation=SampledSegmentation(0.1, None)).epoch(epoch, 0)
        rows = {}
        for batch in data:
            for pair, source, target in zip(texts(batch), batch.source, batch.target, strict=True):
                cut = [[i for i in row.tolist() if i != PADDING] for row in (source, target)]
                rows[pair] = tuple(map(tuple, cut))
        return rows

    first, second = pieces(0), pieces(1)
    assert sum(first[pair][0] != second[pair][0] for pair in TEXTS) > len(TEXTS) / 2
    assert all(first[pair][1] == second[pair][1] for pair in TEXTS)
    target = tokenizers().target
    assert all(list(first[pair][1][1:-1]) == target.encode(pair[1]) for pair in TEXTS)


def test_rows_of_a_batch_have_about_the_same_length(shards):
    real_positions = positions = 0
    for batch in batches(shards, budget=100, window=60).epoch(0, 0):
        real_positions += int(batch.mask.sum())
        positions += batch.mask.numel()
    assert real_positions / positions > 0.9


def test_batches_of_a_window_do_not_come_in_order_of_length(shards):
    widths = [batch.target.shape[1] for batch in batches(shards, window=60).epoch(0, 0)]
    assert widths != sorted(widths)


def test_a_rank_without_a_row_gets_a_batch_without_a_target_piece(shards):
    for rank in range(3):
        for batch in batches(shards, budget=1, rank=rank, ranks=3).epoch(0, 0):
            assert real(batch) == (rank == 0)
            assert int(batch.mask.sum()) in ({0} if rank else range(1, 10_000))
            assert batch.source_mask.any()


def both(shards):
    rows = np.arange(len(shards))
    return shards.sources(rows), shards.targets(rows)


@pytest.mark.parametrize("budget", [1, 60, 100_000])
def test_batches_in_order_hold_each_row_once_with_its_number(shards, budget):
    seen, lengths = [], []
    for rows, batch in batches_in_order(*both(shards), budget):
        assert texts(batch) == [TEXTS[row] for row in rows]
        seen += rows
        lengths += batch.mask.sum(1).tolist()
    assert sorted(seen) == list(range(len(TEXTS)))
    assert lengths == sorted(lengths)


def test_no_rows_give_no_batches(tmp_path):
    with ShardWriter(tmp_path, "train", 120, 60) as writer:
        writer.write(pack(EncodedRows([], [], [], []), 120))
    empty = Shards(tmp_path, "train")
    assert list(batches(empty).epoch(0, 0)) == list(batches_in_order(*both(empty), 10)) == []


@pytest.mark.parametrize("key", ["budget", "window"])
def test_values_that_allow_no_batch_are_rejected(shards, key):
    with pytest.raises(ConfigurationError, match=rf"^batches\.{key}=0: expected 1 or more"):
        batches(shards, **{key: 0})
