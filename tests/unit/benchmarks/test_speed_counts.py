"""Counts of work: operators of an update and of a search, padding, dropout masks.

Seconds depend on the machine and its load, counts do not. The stopping are a little above what the
code needs: lower them when it needs less; a higher one needs a reason beside it.
"""

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from helpers.networks import batch
from helpers.small_run import tokenizer
from torch.utils._python_dispatch import TorchDispatchMode

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate, plain
from nmt.data.batching import BestSegmentation, BucketedBatches
from nmt.data.preparation.shards import EncodedRows, Shards, ShardWriter, pack
from nmt.data.special_ids import END
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.models.factory import translation_model
from nmt.models.precision import Float32Precision
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.scorers.single import SingleModel
from nmt.training.optimizers import build_optimizer
from nmt.training.updater import Updater

PIECES = 40
SMALL = ["model.hidden_size=8", "model.embedding_size=8", "model.dropout=0.2"]
TRAINING = {
    # decoder: operators whatever the number of positions, and more per target position
    "parallel": (630, 0),
    "input_feeding": (650, 190),
}
MASKS = 7
"""Dropout masks of an update with two layers on each side."""
SEARCHES = {
    # search: operators of a step, whatever the number of sentences
    Greedy: 98,
    Beam: 135,
}
PADDED = (0.135, 0.012)
"""Share of an epoch's positions that is padding, in the source and in the target, sorted first."""


class Operators(TorchDispatchMode):
    """Counts the operators that torch runs, the backward pass included."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        self.counts[operator.name()] += 1
        return operator(*args, **(kwargs or {}))

    @property
    def total(self):
        return self.counts.total()


def network(decoder):
    """Build the network as the commands do."""
    config = configuration("train", [*SMALL, f"model={decoder}"], ())
    torch.manual_seed(1)
    return translation_model(plain(config.model), PIECES, PIECES)


@cache
def update(decoder, source, target, rows=3):
    """Count the operators of a second update on a batch whose longest pair has these lengths."""
    config = configuration("train", [*SMALL, f"model={decoder}"], ())
    model = network(decoder)
    make_optimizer, objective = instantiate(config.optimizer), instantiate(config.objective)
    optimizer = build_optimizer(make_optimizer, model)
    updater = Updater(model, objective, optimizer, Float32Precision(), torch.device("cpu"), 1.0)
    pairs = batch([(source - 1, target - 1), *[(3, 4)] * (rows - 1)])
    updater.update([pairs], 1, 1e-3, lambda: None)
    with Operators() as operators:
        result = updater.update([pairs], 2, 1e-3, lambda: None)
    assert result.skip_reason is None
    return operators


@pytest.mark.slow
@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs the fused kernels")
@pytest.mark.parametrize("decoder", TRAINING)
def test_an_update_runs_few_operators(decoder):
    fixed, each = TRAINING[decoder]
    for target in (6, 12, 48):
        assert update(decoder, 6, target).total <= fixed + each * target


@pytest.mark.parametrize("decoder", TRAINING)
def test_an_update_runs_the_same_operators_for_any_source_and_number_of_sentences(decoder):
    usual = update(decoder, 6, 6).total
    assert update(decoder, 48, 6).total == usual
    assert update(decoder, 6, 6, rows=20).total == usual


def test_without_feedback_longer_targets_add_no_operator():
    assert update("parallel", 6, 48).counts == update("parallel", 6, 6).counts


def test_with_feedback_each_position_adds_the_same_operators():
    six, seven, nine = (update("input_feeding", 6, positions).total for positions in (6, 7, 9))
    assert nine - seven == 2 * (seven - six) > 0


@pytest.mark.parametrize("decoder", TRAINING)
def test_dropout_samples_as_many_masks_for_long_sentences_as_for_short_ones(decoder):
    for positions in (6, 48):
        counts = update(decoder, positions, positions).counts
        sampled = {name: count for name, count in counts.items() if "bernoulli" in name}
        assert sampled == {"aten::bernoulli_.float": MASKS}
        assert not [name for name in counts if "dropout" in name]


def search_operators(search, decoder, rows, positions):
    """Count the operators of a search that only the limit of pieces ends."""
    model = network(decoder).eval()
    with torch.no_grad():
        model.decoder.output.bias[END] = -1e4
    parts = (5, 1, GNMT(0.6)) if search is Beam else ()
    source = batch([(5, 4)] * rows).source
    with Operators() as operators:
        search(*parts, 0.0, positions)(SingleModel(model), source)
    return operators.total


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("decoder", TRAINING)
def test_a_step_of_a_search_runs_few_operators_whatever_the_number_of_sentences(decoder, search):
    steps = [
        (search_operators(search, decoder, rows, 20) - search_operators(search, decoder, rows, 10))
        / 10
        for rows in (2, 16)
    ]
    assert steps[0] == steps[1] <= SEARCHES[search]


def test_little_of_an_epoch_is_padding(tmp_path):
    random = np.random.default_rng(1)
    tokenizers = Tokenizers(tokenizer(), tokenizer())
    lengths = np.clip(random.lognormal(2.6, 0.4, 5000), 2, 80)
    both = [np.clip(lengths * random.normal(1, 0.15, 5000), 1, 99).astype(int) for _ in range(2)]
    sources, targets = ([[END + 2] * length for length in side.tolist()] for side in both)
    with ShardWriter(tmp_path, "train", 20, 20) as writer:
        rows = EncodedRows(sources, targets, *[["a"] * 5000] * 2)
        writer.write(pack(rows, 20))
    shards = Shards(tmp_path, "train")
    epoch = list(
        BucketedBatches(shards, tokenizers, BestSegmentation(), 1000, 50000, 1, 0, 1).epoch(1, 0)
    )
    masks = [[one.source_mask for one in epoch], [one.mask for one in epoch]]
    for lengths, mask, most in zip(both, masks, PADDED, strict=True):
        real = sum(int(one.sum()) for one in mask)
        assert real == lengths.sum() + len(lengths)  # END
        assert 1 - real / sum(one.numel() for one in mask) <= most
