import pytest
import torch
from helpers.networks import (
    GRU,
    LSTM_CELL,
    alternating_directions,
    backward,
    bidirectional_bottom,
    encoder,
    forward,
    network,
    projected,
    stacked_directions,
)

from nmt.models.bridges.layered import LayeredBridge
from nmt.models.bridges.projected import BackwardProjectedBridge, ProjectedBridge
from nmt.models.decoders.fixed_context import SummarisedContextDecoder
from nmt.models.memory import Memory, MemorySizes
from nmt.runtime.errors import ConfigurationError


def memory_of(make, cell, layers):
    return make(cell, layers)(6).eval()(torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool))


@pytest.mark.parametrize("bridge", [ProjectedBridge, BackwardProjectedBridge])
@pytest.mark.parametrize("cell", [GRU, LSTM_CELL])
def test_a_projection_fits_any_sizes(bridge, cell):
    torch.manual_seed(1)
    sizes = ((3, 3), (5,))
    states = bridge(encoder(cell, 2)(6).sizes, sizes)(memory_of(encoder, cell, 2))
    assert tuple(tuple(part.shape for part in state) for state in states) == (
        ((2, 3), (2, 3)),
        ((2, 5),),
    )


def test_the_backward_projection_reads_the_second_half_of_the_top_layer_alone():
    # of (1, 2, 3, 4) the half (3, 4): tanh(0.1 * 3 + 0.2 * 4 + 0.5) = tanh(1.6)
    bridge = BackwardProjectedBridge(MemorySizes(4, ((4,), (4,)), 2), ((1,),))
    with torch.no_grad():
        bridge.projection.weight.copy_(torch.tensor([[0.1, 0.2]]))
        bridge.projection.bias.fill_(0.5)
    finals = (torch.full((1, 4), 9.0),), (torch.tensor([[1.0, 2.0, 3.0, 4.0]]),)
    values, mask = torch.zeros(1, 1, 4), torch.ones(1, 1, dtype=torch.bool)
    ((state,),) = bridge(Memory(values, mask, finals))
    assert state.item() == pytest.approx(0.921668554)


@pytest.mark.parametrize(
    ("make", "layers"), [(forward, 1), (backward, 2), (bidirectional_bottom, 2)]
)
def test_a_top_layer_of_one_direction_has_no_backward_half(make, layers):
    message = r"model/bridge=backward .* with this model/encoder .* use model/encoder=bidirectional"
    with pytest.raises(ConfigurationError, match=message):
        BackwardProjectedBridge(make(GRU, layers)(6).sizes, ((4,),))


def test_a_summary_has_no_backward_half():
    with pytest.raises(ConfigurationError, match=r"^model/bridge=backward .* and decoder"):
        network(SummarisedContextDecoder, bridge=BackwardProjectedBridge)


@pytest.mark.parametrize(
    "make", [encoder, stacked_directions, alternating_directions, projected, bidirectional_bottom]
)
def test_the_projected_direction_is_the_backward_one(make):
    torch.manual_seed(3)
    built = make(GRU, 1)(6).eval()
    embedded = torch.randn(1, 4, 6, requires_grad=True)
    memory = built(embedded, torch.ones(1, 4, dtype=torch.bool))
    bridge = BackwardProjectedBridge(built.sizes, ((4,),))
    final = bridge.inputs(memory.final[-1])
    assert bridge.input_size(built.sizes.final[-1]) == final.shape[1]
    (gradient,) = torch.autograd.grad(final.sum(), embedded)
    sizes = gradient[0].abs().sum(1)
    # What was read last passes one position, what was read first passes four.
    assert sizes[0] > sizes[3]


def test_final_states_are_passed_on_unchanged():
    torch.manual_seed(2)
    memory = memory_of(forward, LSTM_CELL, 3)
    states = LayeredBridge(MemorySizes(12, ((12, 12),) * 3, 1), ((12, 12),) * 3)(memory)
    for state, final in zip(states, memory.final, strict=True):
        for part, other in zip(state, final, strict=True):
            assert torch.equal(part, other)


@pytest.mark.parametrize(
    ("final", "state", "message"),
    [
        (((8,), (8,)), ((8,),), r"ends with states of 8, 8 features and the decoder .* 8, layer"),
        (((8, 8),), ((6, 6),), r"states of 8\+8 features and the decoder starts from 6\+6, layer"),
    ],
)
def test_layers_that_do_not_fit_are_rejected_with_their_sizes(final, state, message):
    with pytest.raises(ConfigurationError, match=message + r".*use model/bridge=projected"):
        LayeredBridge(MemorySizes(8, final, 1), state)
