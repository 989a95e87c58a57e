"""Small networks for the tests, and batches whose rows have different lengths."""

from functools import partial

import torch
from torch import nn

from nmt.attention.general import ScaledGeneral
from nmt.batch import Batch
from nmt.bridges.projected import Projected
from nmt.cells.gru import GRU
from nmt.cells.lstm import LSTM
from nmt.cells.state_dropout import StateDropout
from nmt.cells.zoneout import Zoneout
from nmt.decoders.attend_first import AttendFirst
from nmt.decoders.conditional import Conditional, DeepConditional
from nmt.decoders.every_layer import EveryLayer, EveryLayerAndReadout
from nmt.decoders.fixed_context import AtEveryStep, AtStart, Summarised
from nmt.decoders.input_feeding import InputFeeding
from nmt.decoders.parallel import Parallel
from nmt.embeddings import Embedding, TiedAll
from nmt.encoders.bidirectional import Bidirectional
from nmt.encoders.bidirectional_bottom import BidirectionalBottom
from nmt.encoders.projected import Projected as ProjectedEncoder
from nmt.encoders.stacked_directions import AlternatingDirections, StackedDirections
from nmt.encoders.unidirectional import Backward, Forward
from nmt.readouts.linear import Linear
from nmt.stack import Stack
from nmt.translation_model import TranslationModel
from nmt.vocabulary import BEGIN, END, PADDING

PIECES = 40
LSTM_CELL = partial(LSTM, forget_bias=1.0)
ATTENTIVE = [
    Parallel,
    InputFeeding,
    Conditional,
    DeepConditional,
    AttendFirst,
    EveryLayer,
    EveryLayerAndReadout,
]
DECODERS = [*ATTENTIVE, Summarised, AtEveryStep, AtStart]
NOISY_CELL = partial(
    Zoneout,
    cell=partial(StateDropout, cell=LSTM_CELL, rate=0.3),
    hidden_rate=0.1,
    content_rate=0.4,
)
CELLS = [GRU, LSTM_CELL, NOISY_CELL]


def layers_of(cell, dropout):
    return {
        "cell": cell,
        "normalization": nn.LayerNorm,
        "dropout": dropout,
        "hidden_size": 12,
        "residual_from": 3,
    }


def encoder(cell=GRU, layers=3, dropout=0.2):
    return partial(Bidirectional, layers=layers, **layers_of(cell, dropout))


def forward(cell, layers):
    return partial(Forward, stack=partial(Stack, **layers_of(cell, 0.2)), layers=layers)


def backward(cell, layers):
    return partial(Backward, stack=partial(Stack, **layers_of(cell, 0.2)), layers=layers)


def stacked_directions(cell, layers):
    return partial(StackedDirections, layers=layers, **layers_of(cell, 0.2))


def alternating_directions(cell, layers):
    return partial(AlternatingDirections, layers=layers, **layers_of(cell, 0.2))


def bidirectional_bottom(cell, layers):
    stack = partial(Stack, **layers_of(cell, 0.2))
    return partial(BidirectionalBottom, bottom=encoder(cell, 1), stack=stack, layers=layers)


def projected(cell, layers):
    return partial(ProjectedEncoder, encoder=encoder(cell, layers), size=7)


SEEING_ALL = [encoder, stacked_directions, alternating_directions, bidirectional_bottom, projected]
ENCODERS = [*SEEING_ALL, forward, backward]


def network(
    decoder=Parallel,
    cell=GRU,
    layers=3,
    dropout=0.2,
    attention=ScaledGeneral,
    decoder_layers=None,
    normalization=nn.LayerNorm,
    bridge=Projected,
):
    above = layers if decoder_layers is None else decoder_layers
    parts = {"attention": attention} if decoder in ATTENTIVE else {}
    stack = partial(
        Stack,
        cell=cell,
        normalization=normalization,
        dropout=dropout,
        hidden_size=10,
        residual_from=3,
    )
    readout = partial(Linear, dropout=dropout)
    make = partial(decoder, stack=stack, bridge=bridge, readout=readout, layers=above, **parts)
    embedding = partial(Embedding, size=8, dropout=dropout, word_dropout=dropout / 2)
    tables = TiedAll()(PIECES, PIECES, embedding, 8)
    return TranslationModel(tables, encoder(cell, layers, dropout), make)


def batch(lengths=((5, 4), (2, 6), (1, 1))):
    """Pairs of random pieces of these (source, target) lengths, bounds not counted."""
    source = torch.full((len(lengths), 1 + max(length for length, _ in lengths)), PADDING)
    target = torch.full((len(lengths), 2 + max(length for _, length in lengths)), PADDING)
    for row, (source_length, target_length) in enumerate(lengths):
        source[row, :source_length] = torch.randint(4, PIECES, (source_length,))
        source[row, source_length] = END
        target[row, 0] = BEGIN
        target[row, 1 : 1 + target_length] = torch.randint(4, PIECES, (target_length,))
        target[row, 1 + target_length] = END
    return Batch(source, target)
