from functools import partial

import pytest
import torch
from helpers.networks import DECODERS, batch, network

from nmt.models import tree
from nmt.models.cells.cell import Cell
from nmt.models.cells.deep_transition import DeepTransition
from nmt.models.cells.elman import Elman
from nmt.models.cells.gru import GRU
from nmt.models.cells.gru_reset_before import GRUResetBefore
from nmt.models.cells.irnn import IRNN
from nmt.models.cells.layer_norm_gru import LayerNormGRU
from nmt.models.cells.layer_norm_lstm import LayerNormLSTM
from nmt.models.cells.lstm import LSTM
from nmt.models.cells.min_gru import MinGRU
from nmt.models.cells.state_dropout import StateDropout
from nmt.models.cells.zoneout import Zoneout
from nmt.runtime.errors import ConfigurationError

LSTM_CELL = partial(LSTM, forget_bias=1.0)
PRODUCT_CELLS = [
    Elman,
    partial(IRNN, scale=0.9, input_deviation=0.5),
    GRU,
    GRUResetBefore,
    LayerNormGRU,
    LSTM_CELL,
    partial(LayerNormLSTM, forget_bias=1.0),
]
DROPPING = partial(StateDropout, cell=LSTM_CELL, rate=0.5)
ZONING = partial(Zoneout, cell=LSTM_CELL, hidden_rate=0.3, cell_state_rate=0.6)
BOTH = partial(Zoneout, cell=DROPPING, hidden_rate=0.3, cell_state_rate=0.6)
DEEP = partial(DeepTransition, cell=DROPPING, depth=2)


def random_state(cell, rows):
    return tuple(torch.randn(rows, cell.hidden_size) for _ in range(cell.parts))


@pytest.mark.parametrize("make", PRODUCT_CELLS)
def test_states_are_dropped_by_one_mask_for_all_positions(make):
    torch.manual_seed(1)
    cell = StateDropout(5, 7, make, 0.5)
    inputs = torch.randn(3, 6, 5)
    start = random_state(cell, 3)
    torch.manual_seed(2)
    outputs, _ = cell.unroll(inputs, start, None)
    torch.manual_seed(2)
    mask = torch.empty(3, 7).bernoulli_(0.5) / 0.5
    state, projected = start, cell.cell.project(inputs)
    for position in range(6):
        output, state = cell.cell.recurrence(projected[:, position], state, state[0] * mask)
        assert torch.allclose(outputs[:, position], output, atol=1e-6)


@pytest.mark.parametrize("make", PRODUCT_CELLS)
def test_dropped_features_reach_no_product(make):
    torch.manual_seed(3)
    cell = make(5, 7)
    state = random_state(cell, 3)
    projected = cell.project(torch.randn(3, 5))
    dropped = cell.recurrence(projected, state, torch.zeros(3, 7))[0]
    for name, parameter in cell.named_parameters():
        if parameter.dim() == 2 and "input" not in name:
            torch.nn.init.normal_(parameter)
    assert torch.allclose(dropped, cell.recurrence(projected, state, torch.zeros(3, 7))[0])
    assert not torch.allclose(dropped, cell.step(projected, state)[0])


@pytest.mark.parametrize("make", [GRU, GRUResetBefore, LayerNormGRU])
@pytest.mark.parametrize("kept", [0.0, 2.0])
def test_the_blending_of_a_gru_reads_the_hidden_vector_without_a_mask(make, kept):
    torch.manual_seed(4)
    cell = make(5, 7)
    with torch.no_grad():  # gates that keep all of the old vector
        third = slice(7, 14) if make is GRU else slice(0, 7)
        cell.bias[third] = 1e4 if make is GRU else -1e4
    state = random_state(cell, 3)
    output, _ = cell.recurrence(cell.project(torch.randn(3, 5)), state, state[0] * kept)
    assert torch.allclose(output, state[0], atol=1e-6)


@pytest.mark.parametrize("make", PRODUCT_CELLS)
def test_in_evaluation_mode_state_dropout_is_the_inner_cell(make):
    torch.manual_seed(5)
    cell = StateDropout(5, 7, make, 0.5).eval()
    inputs = torch.randn(3, 6, 5)
    assert cell.sample_masks(inputs) == ()
    outputs, _ = cell.unroll(inputs, cell.start(inputs), None)
    expected, _ = cell.cell.unroll(inputs, cell.start(inputs), None)
    assert torch.equal(outputs, expected)
    output, _ = cell.step(cell.project(inputs[:, 0]), cell.start(inputs))
    assert torch.allclose(output, expected[:, 0], atol=1e-6)


def test_a_rate_of_zero_keeps_the_kernel_in_training():
    torch.manual_seed(6)
    cell = StateDropout(5, 7, GRU, 0.0)
    inputs = torch.randn(3, 6, 5)
    outputs, _ = cell.unroll(inputs, cell.start(inputs), None)
    assert torch.equal(outputs, cell.cell.unroll(inputs, cell.start(inputs), None)[0])


@pytest.mark.parametrize(
    ("make", "name"), [(MinGRU, "MinGRU"), (ZONING, "Zoneout"), (DEEP, "DeepTransition")]
)
def test_a_cell_without_products_of_its_own_is_rejected_by_name(make, name):
    message = rf"model.cell.cell={name}: expected a cell that has `recurrence`"
    with pytest.raises(ConfigurationError, match=message):
        StateDropout(5, 7, make, 0.5)


def test_each_cell_of_a_deep_transition_has_its_own_mask():
    torch.manual_seed(7)
    cell = DEEP(5, 7)
    inputs = torch.randn(3, 5)
    masks = cell.sample_masks(inputs)
    state = random_state(cell, 3)
    output, _ = cell.masked_step(cell.project(inputs), state, masks)
    first, second = (inner.cell for inner in cell.cells)
    state = first.recurrence(first.project(inputs), state, state[0] * masks[0])[1]
    expected, _ = second.recurrence(second.bias.expand(3, -1), state, state[0] * masks[1])
    assert not torch.equal(*masks)
    assert torch.allclose(output, expected, atol=1e-6)


def test_zoneout_keeps_the_configured_share_of_each_part():
    torch.manual_seed(8)
    cell = Zoneout(5, 400, LSTM_CELL, 0.1, 0.6)
    state = random_state(cell, 50)
    projected = cell.project(torch.randn(50, 5))
    output, zoned = cell.masked_step(projected, state, cell.sample_masks(state[0]))
    _, new_state = cell.cell.step(projected, state)
    for new, full, old, rate in zip(zoned, new_state, state, (0.1, 0.6), strict=True):
        kept = new == old
        assert torch.equal(new, torch.where(kept, old, full))
        # 20000 samples: the share's deviation is at most 0.0035
        assert kept.float().mean().item() == pytest.approx(rate, abs=0.015)
    assert torch.equal(output, zoned[0])


def test_zoneout_samples_at_every_position():
    torch.manual_seed(9)
    cell = Zoneout(5, 30, GRU, 0.5, 0.0)
    inputs = torch.randn(4, 2, 5)
    outputs, _ = cell.unroll(inputs, cell.start(inputs), None)
    zoned = outputs[:, 0] == 0
    still = outputs[:, 1] == outputs[:, 0]
    assert zoned.any()
    assert not torch.equal(zoned, still)


def test_zoneout_in_evaluation_mode_is_its_expectation():
    torch.manual_seed(10)
    cell = Zoneout(5, 7, LSTM_CELL, 0.25, 0.5).eval()
    state = random_state(cell, 3)
    projected = cell.project(torch.randn(3, 5))
    output, zoned = cell.step(projected, state)
    _, (hidden, cell_state) = cell.cell.step(projected, state)
    assert torch.allclose(zoned[0], 0.25 * state[0] + 0.75 * hidden, atol=1e-6)
    assert torch.allclose(zoned[1], 0.5 * state[1] + 0.5 * cell_state, atol=1e-6)
    assert torch.equal(output, zoned[0])


@pytest.mark.parametrize(("hidden", "cell_state"), [(1.5, 0.0), (0.0, -0.5)])
def test_zoneout_without_a_probability_is_rejected(hidden, cell_state):
    with pytest.raises(ConfigurationError, match=r"_rate=.*expected a number from 0 to 1"):
        Zoneout(5, 7, GRU, hidden, cell_state)


@pytest.mark.parametrize("make", [DROPPING, ZONING, BOTH, DEEP])
def test_states_do_not_change_on_padding_under_noise(make):
    torch.manual_seed(11)
    cell = make(5, 7)
    inputs = torch.randn(2, 6, 5)
    mask = torch.tensor([[True] * 6, [True] * 3 + [False] * 3])
    torch.manual_seed(12)
    outputs, final = cell.unroll(inputs, cell.start(inputs), mask)
    torch.manual_seed(12)
    short, short_final = Cell.unroll(cell, inputs[:, :3], cell.start(inputs), None)
    assert torch.equal(outputs[1, :3], short[1])
    for one, two in zip(final, short_final, strict=True):
        assert torch.equal(one[1], two[1])


@pytest.mark.slow
@pytest.mark.parametrize("make", [DROPPING, ZONING, BOTH, DEEP])
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_has_noise_in_training_alone(decoder, make):
    torch.manual_seed(13)
    model, pairs = network(decoder, make, layers=2, dropout=0.0).eval(), batch()
    memory = model.encode(pairs.source)
    quiet, _ = model.decoder(pairs.inputs, memory)
    assert torch.equal(quiet, model.decoder(pairs.inputs, memory)[0])
    model.train()
    noisy, _ = model.decoder(pairs.inputs, memory)
    assert not torch.equal(noisy, model.decoder(pairs.inputs, memory)[0])
    model(pairs).sin().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("make", [DROPPING, ZONING, BOTH, DEEP])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_decoder_steps_without_noise_in_training(decoder, make):
    torch.manual_seed(14)
    model, pairs = network(decoder, make, layers=2, dropout=0.5).eval(), batch()
    memory = model.encode(pairs.source)
    ids, state = pairs.inputs[:, 0], model.start(memory)
    readouts, state_after = model.step(ids, state, memory)
    noisy, noisy_state = model.train().step(ids, state, memory)
    assert torch.equal(noisy, readouts)
    for one, two in zip(tree.leaves(noisy_state), tree.leaves(state_after), strict=True):
        assert torch.equal(one, two)
