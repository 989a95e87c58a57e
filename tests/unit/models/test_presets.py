"""Each preset, made small, overfits 16 pairs."""

import copy
import functools

import pytest
import torch
from helpers.small_run import starter
from omegaconf import OmegaConf
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


@functools.cache
def composed(name):
    return configuration("train", [f"model={name}"], ())


def model_of(name, pieces=200, **values):
    """Build a preset with other values, as overrides would set them, from one composition."""
    config = copy.deepcopy(composed(name))
    for key, value in values.items():
        OmegaConf.update(config.model, key, value)
    return translation_model(plain(config.model), pieces, pieces)


def size(name, **values):
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in model_of(name, **values).parameters())


@pytest.mark.parametrize("name", PRESETS)
def test_two_overrides_scale_a_preset(name):
    base = size(name, hidden_size=16, embedding_size=16, layers=2)
    assert size(name, hidden_size=16, embedding_size=16, layers=3) > base
    assert size(name, hidden_size=32, embedding_size=16, layers=2) > base


@functools.cache
def pairs():
    """The 16 shortest pairs of at least 4 words (of which BLEU counts), and their pieces."""
    both = dict.fromkeys(zip(starter("train.de"), starter("train.en"), strict=True))
    long = [pair for pair in both if min(len(line.split()) for line in pair) >= 4]
    short = sorted(long, key=lambda pair: len("".join(pair)))[:16]
    lines = [line for pair in short for line in pair]
    return short, BPETrainer(330, 1.0, (), False, "nmt_nfkc", 1000, 1).train(lines)


def batch_of(short, tokenizer):
    sources, targets = (tokenizer.encode_lines(list(side)) for side in zip(*short, strict=True))
    rows = [torch.tensor([*ids, END]) for ids in sources]
    bounded = [torch.tensor([BEGIN, *ids, END]) for ids in targets]
    pad = functools.partial(nn.utils.rnn.pad_sequence, batch_first=True, padding_value=PADDING)
    return Batch(pad(rows), pad(bounded))


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_small_preset_overfits_16_pairs(name):
    short, tokenizer = pairs()
    batch = batch_of(short, tokenizer)
    torch.manual_seed(1)
    model = model_of(name, tokenizer.size, hidden_size=48, embedding_size=48, dropout=0.0)
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
