import math
from functools import partial

import pytest
import torch
from helpers.networks import DECODERS, NOISY_CELL, batch, network
from torch import nn
from torch.func import functional_call

from nmt.models.cells.cell import Cell
from nmt.models.cells.deep_transition import DeepTransition
from nmt.models.cells.elman import Elman, LogisticElman
from nmt.models.cells.gru import GRU
from nmt.models.cells.gru_reset_before import GRUResetBefore
from nmt.models.cells.irnn import IRNN
from nmt.models.cells.layer_norm_gru import LayerNormGRU
from nmt.models.cells.layer_norm_lstm import LayerNormLSTM
from nmt.models.cells.lstm import LSTM
from nmt.models.cells.min_gru import MinGRU
from nmt.models.cells.state_dropout import StateDropout
from nmt.models.cells.zoneout import Zoneout
from nmt.models.precision import has_bfloat16
from nmt.runtime.errors import ConfigurationError

CELLS = [
    GRU,
    partial(LSTM, forget_bias=1.0),
    Elman,
    LogisticElman,
    partial(IRNN, scale=0.9, input_deviation=0.5),
    MinGRU,
    GRUResetBefore,
    LayerNormGRU,
    partial(LayerNormLSTM, forget_bias=1.0),
    partial(DeepTransition, cell=GRU, depth=3),
    partial(DeepTransition, cell=partial(LSTM, forget_bias=1.0), depth=2),
]
DROPPING = partial(StateDropout, cell=partial(LSTM, forget_bias=1.0), rate=0.3)
ZONING = partial(Zoneout, cell=partial(LSTM, forget_bias=1.0), hidden_rate=0.1, cell_state_rate=0.4)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def fill(cell, **values):
    """Set a cell's parameters, each by its name with dots as double lines."""
    with torch.no_grad():
        for name, value in values.items():
            cell.get_parameter(name.replace("__", ".")).copy_(torch.tensor(value))


def ragged(rows, positions, size, dtype=torch.float32):
    """Inputs of different lengths, the first row full; padding holds large numbers."""
    lengths = [positions - row % positions for row in range(rows)]
    mask = torch.tensor(
        [[position < length for position in range(positions)] for length in lengths]
    )
    inputs = torch.randn(rows, positions, size, dtype=dtype)
    return torch.where(mask.unsqueeze(-1), inputs, torch.full_like(inputs, 50.0)), mask


@pytest.mark.parametrize("make", CELLS)
@pytest.mark.parametrize("masked", [True, False])
def test_the_fused_kernel_equals_the_loop_in_values_and_gradients(make, masked):
    torch.manual_seed(1)
    cell = make(5, 7).double()
    inputs, mask = ragged(4, 6, 5, torch.float64)
    start = tuple(torch.randn(4, 7, dtype=torch.float64) for _ in range(cell.parts))
    results = []
    for unroll in (cell.unroll, partial(Cell.unroll, cell)):
        leaf = inputs.clone().requires_grad_()
        states = tuple(part.clone().requires_grad_() for part in start)
        outputs, final = unroll(leaf, states, mask if masked else None)
        real = outputs[mask] if masked else outputs
        loss = real.sin().sum() + sum(part.cos().sum() for part in final)
        gradients = torch.autograd.grad(loss, [leaf, *states, *cell.parameters()])
        results.append([real, *final, *gradients])
    for fused, slow in zip(*results, strict=True):
        assert torch.allclose(fused, slow, atol=1e-9)


@pytest.mark.parametrize("make", CELLS)
def test_inputs_on_padding_change_nothing(make):
    torch.manual_seed(2)
    cell = make(5, 7)
    inputs, mask = ragged(4, 6, 5)
    other = torch.where(mask.unsqueeze(-1), inputs, torch.randn_like(inputs))
    first, first_final = cell.unroll(inputs, cell.start(inputs), mask)
    second, second_final = cell.unroll(other, cell.start(other), mask)
    assert torch.equal(first[mask], second[mask])
    for one, two in zip(first_final, second_final, strict=True):
        assert torch.equal(one, two)


class Looped(nn.Module):
    """A cell's loop over all positions, under the same noise at each call."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, inputs, *state):
        torch.manual_seed(14)
        mask = torch.tensor([[True] * 3, [True, True, False]])
        outputs, final = Cell.unroll(self.cell, inputs, state, mask)
        return (outputs, *final)


def differences_agree(cell):
    """Whether gradients are those of finite differences, by inputs, start state and parameters."""
    loop = Looped(cell).double()
    names = [name for name, _ in loop.named_parameters()]
    weights = [0.7 * torch.randn_like(weight) for weight in loop.parameters()]
    state = [torch.randn(2, cell.hidden_size).double() for _ in range(cell.parts)]
    variables = [torch.randn(2, 3, cell.input_size).double(), *state, *weights]
    arguments = 1 + len(state)

    def run(*values):
        named = dict(zip(names, values[arguments:], strict=True))
        return functional_call(loop, named, values[:arguments])

    leaves = [one.detach().requires_grad_() for one in variables]
    return torch.autograd.gradcheck(run, leaves, fast_mode=True)  # along random directions


@pytest.mark.slow
@pytest.mark.parametrize("make", CELLS)
def test_gradients_agree_with_finite_differences(make):
    torch.manual_seed(3)
    assert differences_agree(make(2, 3))


@pytest.mark.parametrize("make", [GRU, partial(LSTM, forget_bias=1.0), LayerNormGRU])
def test_gradients_under_a_mask_on_states_agree_with_finite_differences(make):
    torch.manual_seed(13)
    cell = StateDropout(2, 3, make, 0.5)
    torch.manual_seed(14)
    (mask,) = cell.sample_masks(torch.empty(2, 1).double())
    assert mask.unique().tolist() == [0, 2]
    assert differences_agree(cell)


@pytest.mark.parametrize("make", [GRU, partial(LSTM, forget_bias=1.0)])
def test_gradients_of_zoneout_agree_with_finite_differences(make):
    torch.manual_seed(13)
    cell = Zoneout(2, 3, make, hidden_rate=0.3, cell_state_rate=0.6)
    assert differences_agree(cell.train())
    assert differences_agree(cell.eval())


def computed_in(dtype, cell, unroll, positions):
    """Return the outputs for one text under one noise, in that precision."""
    torch.manual_seed(16)
    inputs = torch.randn(3, positions, 8)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16):
        return unroll(inputs, cell.start(inputs), None)[0].float()


@pytest.mark.parametrize("make", [*CELLS, DROPPING, ZONING, NOISY_CELL])
@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="no bfloat16 instructions")
def test_in_bfloat16_a_cell_trains_and_computes_nearly_what_it_does_in_float32(make):
    torch.manual_seed(15)
    cell = make(8, 16)
    for unroll in (cell.unroll, partial(Cell.unroll, cell)):
        exact = computed_in(torch.float32, cell, unroll, 20)
        result = computed_in(torch.bfloat16, cell, unroll, 20)
        # A number of 8 bits has a relative error of 1/256.
        assert torch.allclose(result, exact, rtol=0, atol=8 / 256 * exact.abs().max().item())
        result.sum().backward()
        for name, weight in cell.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "closed", "open_gate", "candidate"),
    [
        (MinGRU, 0, None, 1),
        (GRUResetBefore, 0, None, 2),
        (LayerNormGRU, 0, None, 2),
        (GRU, None, 1, 2),
        (partial(LSTM, forget_bias=6.5), 0, 1, 2),
        (partial(LayerNormLSTM, forget_bias=6.5), 0, 1, 2),
    ],
)
def test_nearly_closed_gates_accumulate_little_error_in_bfloat16(
    make, closed, open_gate, candidate
):
    torch.manual_seed(17)
    cell = make(8, 16)
    with torch.no_grad():
        for weight in cell.parameters():
            weight.mul_(0.1 if weight.dim() == 2 else 1)
        for gate, value in ((closed, -6.5), (open_gate, 6.5), (candidate, 1.0)):
            if gate is not None:
                cell.bias[gate * 16 : (gate + 1) * 16] = value
    unrolls = [partial(Cell.unroll, cell), *([cell.unroll] if make is MinGRU else [])]
    for unroll in unrolls:
        exact = computed_in(torch.float32, cell, unroll, 200)[:, -1]
        result = computed_in(torch.bfloat16, cell, unroll, 200)[:, -1]
        assert (result / exact).mean().item() == pytest.approx(1, abs=0.01)


def test_the_lstm_equals_torchs_with_the_same_weights():
    torch.manual_seed(4)
    cell, reference = LSTM(5, 7, 1.0), nn.LSTM(5, 7, batch_first=True)
    with torch.no_grad():
        reference.weight_ih_l0.copy_(cell.weight_input)
        reference.weight_hh_l0.copy_(cell.weight_hidden)
        reference.bias_ih_l0.copy_(cell.bias)
        reference.bias_hh_l0.zero_()
    inputs = torch.randn(3, 6, 5)
    outputs, (hidden, cell_state) = Cell.unroll(cell, inputs, cell.start(inputs), None)
    expected, (expected_hidden, expected_cell_state) = reference(inputs)
    assert torch.allclose(outputs, expected, atol=1e-6)
    assert torch.allclose(hidden, expected_hidden[0], atol=1e-6)
    assert torch.allclose(cell_state, expected_cell_state[0], atol=1e-6)


def test_the_gru_equals_torchs_with_the_same_weights():
    torch.manual_seed(5)
    cell, reference = GRU(5, 7), nn.GRU(5, 7, batch_first=True)
    with torch.no_grad():
        cell.bias_hidden.normal_()
        reference.weight_ih_l0.copy_(cell.weight_input)
        reference.weight_hh_l0.copy_(cell.weight_hidden)
        reference.bias_ih_l0.copy_(cell.bias)
        reference.bias_hh_l0.zero_()
        reference.bias_hh_l0[14:] = cell.bias_hidden
    inputs = torch.randn(3, 6, 5)
    outputs, _ = Cell.unroll(cell, inputs, cell.start(inputs), None)
    assert torch.allclose(outputs, reference(inputs)[0], atol=1e-6)


def test_the_lstm_at_a_point_computed_by_hand():
    cell = LSTM(1, 1, 0.0)
    with torch.no_grad():
        cell.weight_input.copy_(torch.tensor([[0.5], [-1.0], [2.0], [1.0]]))
        cell.weight_hidden.copy_(torch.tensor([[1.0], [0.5], [-1.0], [0.0]]))
        cell.bias.copy_(torch.tensor([0.0, 1.0, 0.0, -1.0]))
    state = (torch.tensor([[0.2]]), torch.tensor([[0.4]]))
    _, (hidden, cell_state) = cell.step(cell.project(torch.tensor([[1.0]])), state)
    entering, kept, leaving = logistic(0.5 + 0.2), logistic(-1 + 0.1 + 1), logistic(1.0 - 1.0)
    expected = kept * 0.4 + entering * math.tanh(2.0 - 0.2)
    assert cell_state.item() == pytest.approx(expected, abs=1e-6)
    assert hidden.item() == pytest.approx(leaving * math.tanh(expected), abs=1e-6)


def test_the_gru_at_a_point_computed_by_hand():
    cell = GRU(1, 1)
    with torch.no_grad():
        cell.weight_input.copy_(torch.tensor([[0.5], [-1.0], [2.0]]))
        cell.weight_hidden.copy_(torch.tensor([[1.0], [0.5], [-1.0]]))
        cell.bias.copy_(torch.tensor([0.1, 0.2, 0.3]))
        cell.bias_hidden.fill_(0.7)
    hidden, _ = cell.step(cell.project(torch.tensor([[1.0]])), (torch.tensor([[0.2]]),))
    reset, update = logistic(0.6 + 0.2), logistic(-0.8 + 0.1)
    new = math.tanh(2.3 + reset * (-0.2 + 0.7))
    assert hidden.item() == pytest.approx((1 - update) * new + update * 0.2, abs=1e-6)


def test_the_forget_gate_starts_with_its_bias():
    cell = LSTM(2, 3, 1.5)
    assert cell.bias.tolist() == [0, 0, 0, 1.5, 1.5, 1.5, 0, 0, 0, 0, 0, 0]


def test_the_gru_with_the_reset_gate_before_the_product_at_a_point_computed_by_hand():
    cell = GRUResetBefore(1, 2)
    fill(
        cell,
        weight_input=[[0.5], [-0.5], [1.0], [-1.0], [0.2], [0.3]],
        weight_gates=[[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [1.0, 1.0]],
        weight_candidate=[[0.5, 1.0], [-1.0, 2.0]],
        bias=[0.1, 0.0, 0.0, 0.2, 0.0, -0.1],
    )
    state = (torch.tensor([[0.4, -0.6]]),)
    hidden, _ = cell.step(cell.project(torch.tensor([[2.0]])), state)
    update = logistic(1.1 + 0.4), logistic(-1.0 - 0.6)
    reset = logistic(2.0 - 1.2), logistic(-1.8 - 0.2)
    kept = reset[0] * 0.4, reset[1] * -0.6
    new = (
        math.tanh(0.4 + 0.5 * kept[0] + 1.0 * kept[1]),
        math.tanh(0.5 - 1.0 * kept[0] + 2.0 * kept[1]),
    )
    expected = [
        (1 - update[0]) * 0.4 + update[0] * new[0],
        (1 - update[1]) * -0.6 + update[1] * new[1],
    ]
    assert hidden[0].tolist() == pytest.approx(expected, abs=1e-6)


def normal(values):
    """Layer normalisation in plain numbers; torch adds 1e-5 to the variance."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return [(value - mean) / math.sqrt(variance + 1e-5) for value in values]


def test_the_layer_normalised_lstm_at_a_point_computed_by_hand():
    cell = LayerNormLSTM(1, 2, 0.0)
    fill(
        cell,
        weight_input=[[0.5], [-0.5], [1.0], [-1.0], [0.2], [0.3], [0.0], [2.0]],
        weight_hidden=[[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4,
        bias=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        normalized_input__weight=[2.0] * 8,
        normalized_hidden__weight=[3.0] * 8,
        normalized_cell_state__weight=[0.5, 1.5],
        normalized_cell_state__bias=[0.1, -0.2],
    )
    state = (torch.tensor([[0.4, -0.6]]), torch.tensor([[0.7, -0.3]]))
    _, (hidden, cell_state) = cell.step(cell.project(torch.tensor([[3.0]])), state)
    of_input = normal([1.5, -1.5, 3.0, -3.0, 0.6, 0.9, 0.0, 6.0])
    of_hidden = normal([0.4] * 4 + [-0.6] * 4)
    gates = [2 * of_input[i] + 3 * of_hidden[i] + (i + 1) / 10 for i in range(8)]
    new = [
        logistic(gates[2]) * 0.7 + logistic(gates[0]) * math.tanh(gates[4]),
        logistic(gates[3]) * -0.3 + logistic(gates[1]) * math.tanh(gates[5]),
    ]
    seen = normal(new)
    expected = [
        logistic(gates[6]) * math.tanh(0.5 * seen[0] + 0.1),
        logistic(gates[7]) * math.tanh(1.5 * seen[1] - 0.2),
    ]
    assert cell_state[0].tolist() == pytest.approx(new, abs=1e-5)
    assert hidden[0].tolist() == pytest.approx(expected, abs=1e-5)


def test_a_deep_transition_is_its_cells_one_after_the_other():
    torch.manual_seed(6)
    cell = DeepTransition(5, 7, partial(LSTM, forget_bias=1.0), 3)
    inputs = torch.randn(2, 5)
    state = torch.randn(2, 7), torch.randn(2, 7)
    output, state_after = cell.step(cell.project(inputs), state)
    first, second, third = cell.cells
    expected = first.step(first.project(inputs), state)[1]
    expected = second.step(second.bias.expand(2, -1), expected)[1]
    expected = third.step(third.bias.expand(2, -1), expected)[1]
    assert torch.allclose(output, expected[0], atol=1e-6)
    assert torch.allclose(state_after[1], expected[1], atol=1e-6)


def test_a_deep_transition_of_one_cell_is_this_cell():
    torch.manual_seed(7)
    cell = DeepTransition(5, 7, GRU, 1)
    inputs = torch.randn(2, 6, 5)
    outputs, _ = cell.unroll(inputs, cell.start(inputs), None)
    expected, _ = cell.cells[0].unroll(inputs, cell.start(inputs), None)
    assert torch.allclose(outputs, expected, atol=1e-6)


def test_a_deep_transition_without_cells_is_rejected():
    with pytest.raises(ConfigurationError, match=r"depth=0: expected at least 1"):
        DeepTransition(5, 7, GRU, 0)


@pytest.mark.parametrize("make", CELLS)
@pytest.mark.filterwarnings("error")
def test_a_cell_without_inputs_reads_its_bias(make):
    torch.manual_seed(8)
    cell = make(0, 4)
    nothing = torch.empty(3, 0)
    output, _ = cell.step(cell.project(nothing), cell.start(torch.randn(3, 4)))
    assert output.shape == (3, 4)
    output.sum().backward()


def test_elman_and_the_irnn_equal_torchs_with_the_same_weights():
    torch.manual_seed(9)
    for cell, function in ((Elman(5, 7), "tanh"), (IRNN(5, 7, 0.9, 0.5), "relu")):
        reference = nn.RNN(5, 7, nonlinearity=function, batch_first=True)
        with torch.no_grad():
            cell.bias.normal_()
            reference.weight_ih_l0.copy_(cell.weight_input)
            reference.weight_hh_l0.copy_(cell.weight_hidden)
            reference.bias_ih_l0.copy_(cell.bias)
            reference.bias_hh_l0.zero_()
        inputs = torch.randn(3, 6, 5)
        outputs, _ = Cell.unroll(cell, inputs, cell.start(inputs), None)
        assert torch.allclose(outputs, reference(inputs)[0], atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "function"),
    [
        (Elman(1, 2), math.tanh),
        (LogisticElman(1, 2), logistic),
        (IRNN(1, 2, 1.0, 0.001), lambda x: max(0.0, x)),
    ],
)
def test_simple_cells_at_a_point_computed_by_hand(cell, function):
    fill(cell, weight_input=[[0.5], [-1.0]], weight_hidden=[[1.0, 2.0], [0.5, 0.0]])
    fill(cell, bias=[0.1, 0.3])
    hidden, _ = cell.step(cell.project(torch.tensor([[2.0]])), (torch.tensor([[0.4, -0.3]]),))
    expected = [function(1.0 + 0.4 - 0.6 + 0.1), function(-2.0 + 0.2 + 0.3)]
    assert hidden[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_irnn_starts_by_adding_up_its_inputs():
    torch.manual_seed(10)
    cell = IRNN(400, 50, 0.7, 0.001)
    assert torch.equal(cell.weight_hidden, 0.7 * torch.eye(50))
    assert cell.bias.eq(0).all()
    assert cell.weight_input.std().item() == pytest.approx(0.001, rel=0.05)


def test_the_minimal_gru_at_a_point_computed_by_hand():
    cell = MinGRU(1, 1)
    fill(cell, weight_input=[[0.5], [-2.0]], bias=[0.2, 0.3])
    hidden, _ = cell.step(cell.project(torch.tensor([[2.0]])), (torch.tensor([[0.4]]),))
    gate, new = logistic(1.0 + 0.2), -4.0 + 0.3
    assert hidden.item() == pytest.approx((1 - gate) * 0.4 + gate * new, abs=1e-6)


@pytest.mark.parametrize("positions", [1, 2, 3, 5, 7, 8, 9])
def test_the_minimal_gru_by_a_scan_equals_the_loop_at_any_length_and_with_closed_gates(positions):
    torch.manual_seed(11)
    cell = MinGRU(2, 3).double()
    inputs = 1e3 * torch.randn(2, positions, 2, dtype=torch.float64)
    start = (torch.randn(2, 3, dtype=torch.float64),)
    outputs, (final,) = cell.unroll(inputs, start, None)
    slow, (slow_final,) = Cell.unroll(cell, inputs, start, None)
    assert torch.allclose(outputs, slow)
    assert torch.allclose(final, slow_final)


def test_the_layer_normalised_gru_at_a_point_computed_by_hand():
    cell = LayerNormGRU(1, 2)
    fill(
        cell,
        weight_input=[[0.5], [-0.5], [1.0], [-1.0], [0.2], [0.3]],
        weight_hidden=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 2.0], [0.5, 0.0], [0.0, -1.0]],
        bias=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        normalized_input__weight=[2.0] * 4,
        normalized_hidden__weight=[3.0] * 4,
        candidate_input__weight=[0.5, 1.5],
        candidate_hidden__weight=[0.7, 0.9],
        candidate_hidden__bias=[0.1, -0.2],
    )
    state = (torch.tensor([[0.4, -0.6]]),)
    hidden, _ = cell.step(cell.project(torch.tensor([[2.0]])), state)
    of_input, new_input = normal([1.0, -1.0, 2.0, -2.0]), normal([0.4, 0.6])
    of_hidden, new_hidden = normal([0.4, -0.6, -0.2, -1.2]), normal([0.2, 0.6])
    gates = [logistic(2 * of_input[i] + 3 * of_hidden[i] + (i + 1) / 10) for i in range(4)]
    new = [
        math.tanh(0.5 * new_input[0] + 0.5 + gates[2] * (0.7 * new_hidden[0] + 0.1)),
        math.tanh(1.5 * new_input[1] + 0.6 + gates[3] * (0.9 * new_hidden[1] - 0.2)),
    ]
    expected = [
        (1 - gates[0]) * 0.4 + gates[0] * new[0],
        (1 - gates[1]) * -0.6 + gates[1] * new[1],
    ]
    assert hidden[0].tolist() == pytest.approx(expected, abs=1e-5)


class Leaky(Cell):
    """A user's cell: `project` and `step`, no more."""

    parts = 1

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size, hidden_size)

    def project(self, inputs):
        return self.linear(inputs)

    def step(self, projected, state):
        hidden = 0.5 * state[0] + 0.5 * projected
        return hidden, (hidden,)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_cell_that_defines_only_project_and_step_works_in_all_models(decoder):
    torch.manual_seed(12)
    model = network(decoder, Leaky)
    readouts = model(batch())
    readouts.sum().backward()
    assert readouts.isfinite().all()
