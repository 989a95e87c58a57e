import math
from functools import partial

import pytest
import torch
from helpers.language_models import PIECES, lines, recurrent, tables
from helpers.networks import NOISY_CELL
from torch import nn

from nmt.data.special_ids import BEGIN, PADDING
from nmt.models import tree
from nmt.models.cells.lstm import LSTM
from nmt.models.embeddings import Untied
from nmt.models.language_models.feedforward import (
    DirectFeedForwardLanguageModel,
    FeedForwardLanguageModel,
)
from nmt.models.language_models.language_model import PieceLanguageModel, by_steps
from nmt.runtime.errors import ConfigurationError


def feedforward(order=4):
    return FeedForwardLanguageModel(*tables(Untied, 9), order=order, hidden_size=9, dropout=0.2)


def direct(order=4):
    model = DirectFeedForwardLanguageModel(
        *tables(Untied, 9), order=order, hidden_size=9, dropout=0.2
    )
    nn.init.normal_(model.direct.weight, std=0.3)
    return model


MODELS = [
    recurrent,
    partial(recurrent, cell=partial(LSTM, forget_bias=1.0), layers=1),
    feedforward,
    partial(feedforward, order=2),
    direct,
]


@pytest.mark.parametrize("make", MODELS)
def test_reading_all_positions_equals_reading_one_by_one(make):
    torch.manual_seed(1)
    network = make().double().eval()
    ids = lines(5, 5)[:, :-1]
    together, last = network.read(ids, network.start(2))
    state, alone = network.start(2), []
    for position in ids.unbind(1):
        readout, state = network.advance(position, state)
        alone.append(readout)
    assert torch.allclose(together, torch.stack(alone, dim=1), atol=1e-9)
    halves, middle = network.read(ids[:, :2], network.start(2))
    rest, end = network.read(ids[:, 2:], middle)
    assert torch.allclose(together, torch.cat([halves, rest], dim=1), atol=1e-9)
    flat = tree.leaves
    for one, two, three in zip(flat(last), flat(state), flat(end), strict=True):
        assert torch.allclose(one, two, atol=1e-9)
        assert torch.allclose(one, three, atol=1e-9)


@pytest.mark.parametrize("make", [*MODELS, partial(recurrent, cell=NOISY_CELL)])
def test_reading_one_by_one_has_no_noise_in_training(make):
    torch.manual_seed(5)
    network = make()
    ids, start = torch.tensor([4, 5]), network.start(2)
    rest, _ = network.eval().advance(ids, start)
    assert torch.equal(network.train().advance(ids, start)[0], rest)
    whole, _ = network.read(ids.unsqueeze(1), start)
    assert not torch.allclose(whole.squeeze(1), rest)


@pytest.mark.parametrize("make", MODELS)
def test_the_probability_of_a_line_is_the_product_over_its_pieces(make):
    torch.manual_seed(2)
    network = make().eval()
    assert isinstance(network, PieceLanguageModel)
    target = lines(5, 1, 0, 3)
    fast, slow = network.log_probabilities(target), by_steps(network, target)
    assert torch.allclose(fast, slow, atol=1e-5)
    assert (fast[target[:, 1:] == PADDING] == 0).all()
    alone = network.log_probabilities(target[3:, :5])
    assert torch.allclose(alone, fast[3:, :4], atol=1e-6)


@pytest.mark.parametrize("make", MODELS)
def test_lines_read_in_chunks_are_as_probable_as_lines_read_whole(make, monkeypatch):
    model, target = make().eval(), lines(9, 4, 1)
    whole = model.log_probabilities(target)
    for positions in (1, 3, 9, 10):
        monkeypatch.setattr("nmt.models.language_models.network.CHUNK_POSITIONS", positions)
        torch.testing.assert_close(model.log_probabilities(target), whole)


@pytest.mark.parametrize("make", MODELS)
def test_probabilities_of_the_next_piece_sum_to_one(make):
    torch.manual_seed(3)
    network = make().eval()
    rows, _ = network.step(torch.tensor([BEGIN, 7]), network.start(2))
    assert rows.shape == (2, PIECES)
    assert torch.allclose(rows.exp().sum(1), torch.ones(2), atol=1e-5)


def by_hand(network, context):
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        network.embedding.weight[5] = 1.0
        network.hidden.weight[0, :6] = 0.5  # the older piece
        network.hidden.weight[0, 6:] = 0.25  # the newer piece
        network.hidden.bias[0] = 0.1
        network.output.weight[8, 0] = 2.0
        network.output.bias[9] = 0.7
    (logits,) = network.logits(network.eval().read(torch.tensor([context]), network.start(1))[0])
    return logits


def test_the_feedforward_model_at_a_point_computed_by_hand():
    logits = by_hand(feedforward(order=3), [4, 5])
    scale = math.sqrt(6)  # embeddings are multiplied by the root of their size
    first = math.tanh(0.1)  # PADDING and piece 4 are zeros
    second = math.tanh(0.25 * 6 * scale + 0.1)  # piece 4, piece 5
    assert logits[0, 8].item() == pytest.approx(2 * first, abs=1e-6)
    assert logits[1, 8].item() == pytest.approx(2 * second, abs=1e-6)
    assert logits[1, 9].item() == pytest.approx(0.7, abs=1e-6)


def test_direct_connections_add_to_the_logits_and_start_at_zero():
    torch.manual_seed(4)
    network = DirectFeedForwardLanguageModel(
        *tables(Untied, 9), order=3, hidden_size=9, dropout=0.0
    )
    assert not network.direct.weight.any()
    ids, start = torch.tensor([[4, 5]]), network.start(1)
    without = network.logits(network.read(ids, start)[0])
    with torch.no_grad():
        network.direct.weight[8, 6:] = 0.5
        network.embedding.weight[5] = 1.0
        network.hidden.weight.zero_()
    hidden = network.output(network.hidden.bias.tanh())
    added = network.eval().logits(network.read(ids, start)[0])[0, 1] - hidden
    assert added[8].item() == pytest.approx(0.5 * 6 * math.sqrt(6), abs=1e-4)
    assert added[9].item() == pytest.approx(0, abs=1e-6)
    assert without.shape == (1, 2, PIECES)


def test_impossible_sizes_are_rejected_by_name():
    with pytest.raises(ConfigurationError, match=r"model.order=1: expected a whole number, 2"):
        feedforward(order=1)
    with pytest.raises(ConfigurationError, match=r"model.layers=0: expected at least 1"):
        recurrent(layers=0)
