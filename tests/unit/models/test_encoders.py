import pytest
import torch
from helpers.networks import (
    CELLS,
    ENCODERS,
    SEEING_ALL,
    alternating_directions,
    backward,
    encoder,
    forward,
    projected,
    stacked_directions,
)

from nmt.models.cells.gru import GRU
from nmt.models.padding import last_valid, reverse_padded
from nmt.runtime.errors import ConfigurationError


def test_each_sentence_is_reversed_within_its_own_length():
    values = torch.tensor([[1.0, 2, 3, 9], [4, 5, 9, 9]]).unsqueeze(-1)
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    turned = reverse_padded(values, mask)
    assert turned.squeeze(-1).tolist() == [[3, 2, 1, 9], [5, 4, 9, 9]]
    assert torch.equal(reverse_padded(turned, mask), values)
    assert last_valid(values, mask).squeeze(-1).tolist() == [3, 5]


@pytest.mark.parametrize("make", ENCODERS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 4])
def test_a_sentence_is_encoded_the_same_alone_and_among_longer_ones(make, cell, layers):
    torch.manual_seed(1)
    network = make(cell, layers)(6).eval()
    embedded = torch.randn(3, 5, 6)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1, 2:] = False
    together = network(embedded, mask)
    alone = network(embedded[1:2, :2], mask[1:2, :2])
    assert together.values.shape == (3, 5, network.sizes.value)
    assert torch.allclose(together.values[1:2, :2], alone.values, atol=1e-6)
    for many, one in zip(together.final, alone.final, strict=True):
        for part, single in zip(many, one, strict=True):
            assert torch.allclose(part[1:2], single, atol=1e-6)
    sizes = tuple(tuple(part.shape[1] for part in state) for state in together.final)
    assert sizes == network.sizes.final


def depends(network, value, piece):
    """Return whether a value, at that position of 5, depends on a piece."""
    embedded = torch.randn(1, 5, 6, requires_grad=True)
    values = network(embedded, torch.ones(1, 5, dtype=torch.bool)).values
    (gradient,) = torch.autograd.grad(values[0, value].sin().sum(), embedded)
    return bool(gradient[0, piece].abs().sum() > 0)


@pytest.mark.parametrize("make", SEEING_ALL)
def test_the_last_position_depends_on_the_first_and_the_first_on_the_last(make):
    torch.manual_seed(2)
    network = make(GRU, 3)(6).eval()
    assert depends(network, 0, 4)
    assert depends(network, 4, 0)


def test_in_one_direction_a_value_depends_on_its_own_piece_and_those_read_before_it():
    torch.manual_seed(3)
    onward, back = forward(GRU, 2)(6).eval(), backward(GRU, 2)(6).eval()
    assert depends(onward, 2, 2)
    assert depends(onward, 4, 0)
    assert not depends(onward, 0, 4)
    assert depends(back, 2, 2)
    assert depends(back, 0, 4)
    assert not depends(back, 4, 0)


def test_backward_reads_each_sentence_reversed_within_its_own_length():
    torch.manual_seed(4)
    onward, back = forward(GRU, 2)(6).eval(), backward(GRU, 2)(6).eval()
    back.load_state_dict(onward.state_dict())
    embedded, mask = torch.randn(2, 4, 6), torch.ones(2, 4, dtype=torch.bool)
    mask[1, 3:] = False
    turned = embedded.clone()
    turned[0], turned[1, :3] = embedded[0].flip(0), embedded[1, :3].flip(0)
    read, reference = back(embedded, mask), onward(turned, mask)
    assert torch.allclose(read.values[0], reference.values[0].flip(0))
    assert torch.allclose(read.values[1, :3], reference.values[1, :3].flip(0))
    assert torch.allclose(read.final[1][0], reference.final[1][0])


def test_stacked_directions_are_combined_only_at_the_top():
    torch.manual_seed(5)
    network = stacked_directions(GRU, 3)(6).eval()
    embedded = torch.randn(1, 5, 6, requires_grad=True)
    values = network(embedded, torch.ones(1, 5, dtype=torch.bool)).values
    (gradient,) = torch.autograd.grad(values[0, 2, :6].sin().sum(), embedded)
    assert gradient[0, 2].abs().sum() > 0
    assert gradient[0, 3:].eq(0).all()


def test_residual_connections_start_at_the_configured_layer():
    assert encoder(layers=4)(12).residual == (False, False, True, True)


def test_each_layer_of_alternating_directions_reads_the_opposite_direction_below():
    torch.manual_seed(6)
    network = alternating_directions(GRU, 3)(6).eval()
    cells = [column.stack.cells for column in (network.forwards, network.backwards)]
    embedded, mask = torch.randn(1, 5, 6), torch.ones(1, 5, dtype=torch.bool)
    onward = back = embedded
    for index in range(3):
        read, _ = cells[0][index].unroll(back, cells[0][index].start(back), mask)
        turned, _ = cells[1][index].unroll(onward.flip(1), cells[1][index].start(onward), mask)
        read = network.forwards.stack.normalizations[index](read)
        turned = network.backwards.stack.normalizations[index](turned).flip(1)
        onward, back = (read + back, turned + onward) if index == 2 else (read, turned)
    expected = torch.cat([onward, back], dim=-1)
    assert torch.allclose(network(embedded, mask).values, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("layers", "hidden_size", "message"),
    [
        (0, 12, r"model.encoder.layers=0: expected at least 1"),
        (2, 7, r"model.encoder.hidden_size=7: expected an even number"),
    ],
)
@pytest.mark.parametrize("make", [encoder, stacked_directions])
def test_impossible_sizes_are_rejected_by_name(make, layers, hidden_size, message):
    with pytest.raises(ConfigurationError, match=message):
        make(GRU, layers)(6, hidden_size=hidden_size)


@pytest.mark.parametrize("make", ENCODERS)
def test_no_layers_are_rejected_by_name(make):
    with pytest.raises(ConfigurationError, match=r"model.encoder.layers=0: expected at least 1"):
        make(GRU, 0)(6)


def test_a_projection_of_no_features_is_rejected_by_name():
    with pytest.raises(ConfigurationError, match=r"model.encoder.size=0: expected at least 1"):
        projected(GRU, 1)(6, size=0)
