"""Scorers of small networks, and log-probabilities by teacher forcing."""

import torch

from helpers.networks import DECODERS, PIECES, network
from helpers.searches import sentences
from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END
from nmt.search.scorers.single import SingleModel


def single(seed, decoder=DECODERS[0]):
    """Return a scorer with large weights, in float64 so that only errors make differences."""
    torch.manual_seed(seed)
    model = network(decoder=decoder).eval().double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    return SingleModel(model)


def rows():
    return [
        [4 + piece % (PIECES - 4) for piece in row[:-1]] + [END]
        for row in sentences(1, [5, 2, 8, 1])
    ]


def teacher_forced(model, source, ids):
    """Return the log-probability of a translation from one pass through the network."""
    target = [[BEGIN, *ids, END]]
    pair = Batch(torch.tensor([source]), torch.tensor(target))
    with torch.no_grad():
        following = model.logits(model(pair)).double().log_softmax(dim=-1)
    return float(following.gather(2, pair.labels.unsqueeze(2)).sum())
