import pytest
import torch
from networks import CELLS, encoder

from nmt.ends import at_end, reverse
from nmt.errors import ConfigurationError


def test_reversal_turns_each_sentence_within_its_own_length():
    values = torch.tensor([[1.0, 2, 3, 9], [4, 5, 9, 9]]).unsqueeze(-1)
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    turned = reverse(values, mask)
    assert turned.squeeze(-1).tolist() == [[3, 2, 1, 9], [5, 4, 9, 9]]
    assert torch.equal(reverse(turned, mask), values)
    assert at_end(values, mask).squeeze(-1).tolist() == [3, 5]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 4])
def test_a_sentence_is_encoded_the_same_alone_and_among_longer_ones(cell, layers):
    torch.manual_seed(1)
    network = encoder(cell, layers)(6).eval()
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


def test_the_last_place_hears_of_the_first_and_the_first_of_the_last():
    torch.manual_seed(2)
    network = encoder()(6).eval()
    embedded = torch.randn(1, 5, 6, requires_grad=True)
    values = network(embedded, torch.ones(1, 5, dtype=torch.bool)).values
    for asked, told in ((0, 4), (4, 0)):
        (gradient,) = torch.autograd.grad(values[0, asked].sum(), embedded, retain_graph=True)
        assert gradient[0, told].abs().sum() > 0


def test_residual_connections_begin_at_the_layer_that_is_named():
    assert encoder(layers=4)(12).residual == (False, False, True, True)


@pytest.mark.parametrize(
    ("layers", "hidden_size", "message"),
    [
        (0, 12, r"model.encoder.layers=0: expected at least 1"),
        (2, 7, r"model.encoder.hidden_size=7: expected an even number"),
    ],
)
def test_impossible_sizes_are_refused_by_name(layers, hidden_size, message):
    with pytest.raises(ConfigurationError, match=message):
        encoder(layers=layers)(6, hidden_size=hidden_size)
