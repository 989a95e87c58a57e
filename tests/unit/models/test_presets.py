"""Each preset, made small, overfits 32 pairs."""

import functools

import pytest
import torch
from helpers.small_run import starter
from torch import nn

from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.tokenization.training import BPETrainer
from nmt.evaluation.metrics.bleu import BLEU
from nmt.models.factory import translation_model
from nmt.search.greedy import Greedy
from nmt.search.scorers.single import SingleModel

PRESETS = [
    "cho2014",
    "sutskever2014",
    "bahdanau2015",
    "luong2015",
    "gnmt2016",
    "bideep2017",
    "rnmt2018",
]
UPDATES = 100
"""More than twice what the slowest of them takes."""


def model_of(name, *overrides, pieces=200):
    node = plain(configuration("train", [f"model={name}", *overrides], ()).model)
    return translation_model(node, pieces, pieces)


def size(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", PRESETS)
def test_two_overrides_scale_a_preset(name):
    small = ["model.hidden_size=16", "model.embedding_size=16"]
    base = size(model_of(name, *small, "model.layers=2"))
    assert size(model_of(name, *small, "model.layers=3")) > base
    assert size(model_of(name, "model.hidden_size=32", *small[1:], "model.layers=2")) > base


@functools.cache
def pairs():
    """The 32 shortest pairs of at least 4 words (of which BLEU counts), and their pieces."""
    both = dict.fromkeys(zip(starter("train.de"), starter("train.en"), strict=True))
    long = [pair for pair in both if min(len(line.split()) for line in pair) >= 4]
    short = sorted(long, key=lambda pair: len("".join(pair)))[:32]
    lines = [line for pair in short for line in pair]
    return short, BPETrainer(330, 1.0, (), False, "nmt_nfkc", 1000, 1).train(lines)


def batch_of(short, tokenizer):
    sources, targets = (tokenizer.encode_lines(list(side)) for side in zip(*short, strict=True))
    rows = [torch.tensor([*ids, END]) for ids in sources]
    bounded = [torch.tensor([BEGIN, *ids, END]) for ids in targets]
    pad = functools.partial(nn.utils.rnn.pad_sequence, batch_first=True, padding_value=PADDING)
    return Batch(pad(rows), pad(bounded))


@pytest.mark.parametrize("name", PRESETS)
def test_a_small_preset_overfits_32_pairs(name):
    short, tokenizer = pairs()
    batch = batch_of(short, tokenizer)
    torch.manual_seed(1)
    small = ["model.hidden_size=64", "model.embedding_size=64", "model.dropout=0"]
    model = model_of(name, *small, pieces=tokenizer.size)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    labels, mask = batch.labels, batch.mask
    for _ in range(UPDATES):
        logits = model.logits(model(batch)[mask])
        if torch.equal(logits.argmax(-1), labels[mask]):
            break
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits, labels[mask]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    hypotheses = Greedy(2.0, 10)(SingleModel(model.eval()), batch.source)
    written = [tokenizer.decode(best.ids) for (best,) in hypotheses]
    assert BLEU("13a").measure().corpus_score(written, [[line for _, line in short]]).score > 95
