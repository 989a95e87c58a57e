import pytest
import torch
from networks import GRU, LSTM_CELL, encoder, forward

from nmt.bridges.layered import Layered
from nmt.bridges.projected import BackwardProjected, Projected
from nmt.errors import ConfigurationError
from nmt.memory import Memory


def memory_of(make, cell, layers):
    return make(cell, layers)(6).eval()(torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool))


@pytest.mark.parametrize("bridge", [Projected, BackwardProjected])
@pytest.mark.parametrize("cell", [GRU, LSTM_CELL])
def test_a_projection_fits_any_sizes(bridge, cell):
    torch.manual_seed(1)
    sizes = ((3, 3), (5,))
    states = bridge(encoder(cell, 2)(6).sizes.final, sizes)(memory_of(encoder, cell, 2))
    assert tuple(tuple(part.shape for part in state) for state in states) == (
        ((2, 3), (2, 3)),
        ((2, 5),),
    )


def test_the_backward_projection_hears_the_second_half_of_the_top_layer_alone():
    # of (1, 2, 3, 4) the half (3, 4): tanh(0.1 * 3 + 0.2 * 4 + 0.5) = tanh(1.6)
    bridge = BackwardProjected(((4,), (4,)), ((1,),))
    with torch.no_grad():
        bridge.projection.weight.copy_(torch.tensor([[0.1, 0.2]]))
        bridge.projection.bias.fill_(0.5)
    finals = (torch.full((1, 4), 9.0),), (torch.tensor([[1.0, 2.0, 3.0, 4.0]]),)
    values, mask = torch.zeros(1, 1, 4), torch.ones(1, 1, dtype=torch.bool)
    ((state,),) = bridge(Memory(values, mask, finals))
    assert state.item() == pytest.approx(0.921668554)


def test_a_top_layer_that_cannot_be_halved_has_no_backward_direction():
    with pytest.raises(ConfigurationError, match=r"hidden_size=5: expected two directions"):
        BackwardProjected(((5,),), ((4,),))


def test_layer_after_layer_is_handed_over_unchanged():
    torch.manual_seed(2)
    memory = memory_of(forward, LSTM_CELL, 3)
    states = Layered(((12, 12),) * 3, ((12, 12),) * 3)(memory)
    for state, final in zip(states, memory.final, strict=True):
        for part, ended in zip(state, final, strict=True):
            assert torch.equal(part, ended)


@pytest.mark.parametrize(
    ("final", "state", "message"),
    [
        (((8,), (8,)), ((8,),), r"ends with states of 8, 8 features and the decoder .* 8, layer"),
        (((8, 8),), ((6, 6),), r"states of 8\+8 features and the decoder starts from 6\+6, layer"),
    ],
)
def test_layers_that_do_not_fit_are_refused_by_their_sizes(final, state, message):
    with pytest.raises(ConfigurationError, match=message + r".*use model/bridge=projected"):
        Layered(final, state)
