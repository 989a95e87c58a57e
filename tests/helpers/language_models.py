"""Small language models and their lines."""

from functools import partial

import torch
from torch import nn

from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.models.cells.gru import GRU
from nmt.models.embeddings import Embedding, TiedTarget
from nmt.models.language_models.recurrent import RecurrentLanguageModel
from nmt.models.readouts.linear import LinearReadout
from nmt.models.stack import RecurrentStack

PIECES = 30


def tables(tying, readout_size, pieces=PIECES):
    embedding = partial(Embedding, size=6, dropout=0.2, word_dropout=0.1)
    return tying().monolingual(pieces, embedding, readout_size)


def recurrent(cell=GRU, layers=2, pieces=PIECES):
    stack = partial(
        RecurrentStack,
        cell=cell,
        normalization=nn.LayerNorm,
        dropout=0.2,
        hidden_size=7,
        residual_from=2,
    )
    return RecurrentLanguageModel(
        *tables(TiedTarget, 6, pieces), stack, partial(LinearReadout, dropout=0.2), layers
    )


def lines(*lengths):
    target = torch.full((len(lengths), 2 + max(lengths)), PADDING)
    for row, length in enumerate(lengths):
        target[row, 0] = BEGIN
        target[row, 1 : 1 + length] = torch.randint(4, PIECES, (length,))
        target[row, 1 + length] = END
    return target
