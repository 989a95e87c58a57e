"""Small networks, and batches whose rows have different lengths."""

from functools import partial

import torch
from torch import nn

from nmt.data.batch import Batch
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.models.attention.general import ScaledGeneralAttention
from nmt.models.bridges.projected import ProjectedBridge
from nmt.models.cells.gru import GRU
from nmt.models.cells.lstm import LSTM
from nmt.models.cells.state_dropout import StateDropout
from nmt.models.cells.zoneout import Zoneout
from nmt.models.decoders.attend_first import AttendFirstDecoder
from nmt.models.decoders.conditional import ConditionalDecoder, DeepConditionalDecoder
from nmt.models.decoders.every_layer import EveryLayerAndReadoutDecoder, EveryLayerDecoder
from nmt.models.decoders.fixed_context import (
    ContextAtEveryStepDecoder,
    ContextAtStartDecoder,
    SummarisedContextDecoder,
)
from nmt.models.decoders.input_feeding import InputFeedingDecoder
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.models.embeddings import Embedding, TiedAll
from nmt.models.encoders.bidirectional import BidirectionalEncoder
from nmt.models.encoders.bidirectional_bottom import BidirectionalBottomEncoder
from nmt.models.encoders.projected import ProjectedEncoder as ProjectedEncoder
from nmt.models.encoders.stacked_directions import (
    AlternatingDirectionsEncoder,
    StackedDirectionsEncoder,
)
from nmt.models.encoders.unidirectional import BackwardEncoder, ForwardEncoder
from nmt.models.readouts.linear import LinearReadout
from nmt.models.stack import RecurrentStack
from nmt.models.translation_model import TranslationModel

PIECES = 40
LSTM_CELL = partial(LSTM, forget_bias=1.0)
ATTENTIVE = [
    ParallelDecoder,
    InputFeedingDecoder,
    ConditionalDecoder,
    DeepConditionalDecoder,
    AttendFirstDecoder,
    EveryLayerDecoder,
    EveryLayerAndReadoutDecoder,
]
DECODERS = [*ATTENTIVE, SummarisedContextDecoder, ContextAtEveryStepDecoder, ContextAtStartDecoder]
NOISY_CELL = partial(
    Zoneout,
    cell=partial(StateDropout, cell=LSTM_CELL, rate=0.3),
    hidden_rate=0.1,
    cell_state_rate=0.4,
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
    return partial(BidirectionalEncoder, layers=layers, **layers_of(cell, dropout))


def forward(cell, layers):
    return partial(
        ForwardEncoder, stack=partial(RecurrentStack, **layers_of(cell, 0.2)), layers=layers
    )


def backward(cell, layers):
    return partial(
        BackwardEncoder, stack=partial(RecurrentStack, **layers_of(cell, 0.2)), layers=layers
    )


def stacked_directions(cell, layers):
    return partial(StackedDirectionsEncoder, layers=layers, **layers_of(cell, 0.2))


def alternating_directions(cell, layers):
    return partial(AlternatingDirectionsEncoder, layers=layers, **layers_of(cell, 0.2))


def bidirectional_bottom(cell, layers):
    stack = partial(RecurrentStack, **layers_of(cell, 0.2))
    return partial(BidirectionalBottomEncoder, bottom=encoder(cell, 1), stack=stack, layers=layers)


def projected(cell, layers):
    return partial(ProjectedEncoder, encoder=encoder(cell, layers), size=7)


SEEING_ALL = [encoder, stacked_directions, alternating_directions, bidirectional_bottom, projected]
ENCODERS = [*SEEING_ALL, forward, backward]


def network(
    decoder=ParallelDecoder,
    cell=GRU,
    layers=3,
    dropout=0.2,
    attention=ScaledGeneralAttention,
    decoder_layers=None,
    normalization=nn.LayerNorm,
    bridge=ProjectedBridge,
):
    above = layers if decoder_layers is None else decoder_layers
    stack = partial(
        RecurrentStack,
        cell=cell,
        normalization=normalization,
        dropout=dropout,
        hidden_size=10,
        residual_from=3,
    )
    readout = partial(LinearReadout, dropout=dropout)
    make = partial(
        decoder, stack=stack, attention=attention, bridge=bridge, readout=readout, layers=above
    )
    embedding = partial(Embedding, size=8, dropout=dropout, word_dropout=dropout / 2)
    tables = TiedAll()(PIECES, PIECES, embedding, 8)
    return TranslationModel(tables, encoder(cell, layers, dropout), make)


def batch(lengths=((5, 4), (2, 6), (1, 1))):
    """Return pairs of random pieces of these (source, target) lengths, without BEGIN and END."""
    source = torch.full((len(lengths), 1 + max(length for length, _ in lengths)), PADDING)
    target = torch.full((len(lengths), 2 + max(length for _, length in lengths)), PADDING)
    for row, (source_length, target_length) in enumerate(lengths):
        source[row, :source_length] = torch.randint(4, PIECES, (source_length,))
        source[row, source_length] = END
        target[row, 0] = BEGIN
        target[row, 1 : 1 + target_length] = torch.randint(4, PIECES, (target_length,))
        target[row, 1 + target_length] = END
    return Batch(source, target)
