from functools import partial

import pytest
import torch
from helpers.networks import network

from nmt.models.embeddings import Embedding, TiedAll, TiedTarget, Untied
from nmt.runtime.errors import ConfigurationError

MAKE = partial(Embedding, size=8, dropout=0.0, word_dropout=0.0)


def test_tied_tables_are_one_parameter_and_untied_ones_are_three():
    source, target, output = TiedAll()(30, 30, MAKE, 8)
    assert source is target
    assert output.weight is target.weight
    source, target, output = TiedTarget()(20, 30, MAKE, 8)
    assert source.weight.shape == (20, 8)
    assert output.weight is target.weight
    source, target, output = Untied()(20, 30, MAKE, 6)
    assert output.weight.shape == (30, 6)
    assert output.weight is not target.weight


@pytest.mark.parametrize(
    ("tying", "sizes", "message"),
    [
        (TiedAll(), (20, 30, 8), "have 20 and 30 pieces; use vocabulary=joint"),
        (TiedTarget(), (20, 30, 6), "needs model.readout_size=8, .* but it is 6"),
    ],
)
def test_tables_that_cannot_be_shared_are_rejected_with_the_remedy(tying, sizes, message):
    source, target, readout_size = sizes
    with pytest.raises(ConfigurationError, match=message):
        tying(source, target, MAKE, readout_size)


def test_features_have_a_variance_of_one_and_padding_is_zero():
    torch.manual_seed(1)
    embedding = Embedding(1000, 64, 0.0, 0.0)
    assert embedding.look_up(torch.arange(1, 1000)).var().item() == pytest.approx(1, abs=0.02)
    assert embedding.look_up(torch.tensor([0])).eq(0).all()


def test_word_dropout_drops_whole_positions():
    torch.manual_seed(2)
    embedding = Embedding(1000, 16, 0.0, 0.3).train()
    embedded = embedding(torch.randint(1, 1000, (20, 50)))
    off = embedded.eq(0)
    assert torch.equal(off.any(-1), off.all(-1))
    assert off.all(-1).float().mean().item() == pytest.approx(0.3, abs=0.05)
    assert embedding.eval()(torch.randint(1, 1000, (20, 50))).ne(0).all()


def test_the_saved_names_hold_each_tensor_of_a_tied_model_once():
    names = [name for name, _ in network().named_parameters()]
    assert "embedding.weight" in names
    assert "decoder.output.weight" not in names
