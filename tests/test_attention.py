import math
from functools import partial

import pytest
import torch

from nmt.attention import additive
from nmt.attention.additive import Additive
from nmt.attention.dot import Dot, ScaledDot
from nmt.attention.general import General, ScaledGeneral
from nmt.errors import ConfigurationError
from nmt.memory import Memory

ATTENTIONS = [Dot, ScaledDot, General, ScaledGeneral, partial(Additive, size=5)]


def memory_of(attention, sentences=3, places=4):
    mask = torch.ones(sentences, places, dtype=torch.bool)
    mask[1, 2:] = False
    values = torch.randn(sentences, places, attention.value_size)
    return attention.remember(Memory(values, mask, ()))


@pytest.mark.parametrize("make", ATTENTIONS)
def test_weights_sum_to_one_and_are_zero_on_padding(make):
    torch.manual_seed(1)
    attention = make(6, 6)
    memory = memory_of(attention)
    _, weights = attention(torch.randn(3, 2, 6), memory)
    assert torch.allclose(weights.sum(-1), torch.ones(3, 2))
    assert weights[1, :, 2:].eq(0).all()
    assert weights[0].gt(0).all()


@pytest.mark.parametrize("make", ATTENTIONS)
def test_the_context_is_the_weighted_mean_and_padding_cannot_enter_it(make):
    torch.manual_seed(2)
    attention = make(6, 6)
    memory = memory_of(attention)
    context, weights = attention(torch.randn(3, 2, 6), memory)
    for sentence in range(3):
        for place in range(2):
            mean = sum(
                weight * value
                for weight, value in zip(
                    weights[sentence, place], memory.values[sentence], strict=True
                )
            )
            assert torch.allclose(context[sentence, place], mean, atol=1e-6)


@pytest.mark.parametrize("make", ATTENTIONS)
def test_a_step_of_a_search_answers_each_row_as_if_it_were_alone(make):
    torch.manual_seed(3)
    attention = make(6, 6)
    memory = memory_of(attention)
    rows = torch.randn(6, 6)  # two hypotheses a sentence, sentence by sentence
    context, weights = attention.step(rows, memory)
    alone, alone_weights = attention(rows.view(3, 2, 6), memory)
    assert torch.equal(context, alone.reshape(6, 6))
    assert torch.equal(weights, alone_weights.reshape(6, 4))


def test_scores_at_points_computed_by_hand():
    query, value = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, -1.0]]])
    assert Dot(2, 2).scores(query, value).item() == pytest.approx(1.0)
    assert ScaledDot(2, 2).scores(query, value).item() == pytest.approx(1 / math.sqrt(2))
    general = General(2, 2)
    with torch.no_grad():
        general.projection.weight.copy_(torch.tensor([[0.0, 1.0], [1.0, 1.0]]))
    assert general.scores(query, general.keys(value)).item() == pytest.approx(-1 + 2 * 2)
    network = Additive(2, 2, 1)
    with torch.no_grad():
        network.query.weight.copy_(torch.tensor([[0.1, 0.2]]))
        network.key.weight.copy_(torch.tensor([[0.3, 0.4]]))
        network.key.bias.fill_(0.05)
        network.vector.fill_(2.0)
    expected = 2 * math.tanh(0.1 + 0.4 + 0.9 - 0.4 + 0.05)
    assert network.scores(query, network.keys(value)).item() == pytest.approx(expected)


def test_additive_attention_in_slices_equals_the_whole_with_gradients(monkeypatch):
    torch.manual_seed(4)
    attention = Additive(6, 6, 5)
    query, values = torch.randn(2, 7, 6), torch.randn(2, 4, 6)
    results = []
    for elements in (2**24, 2 * 4 * 5 * 2):  # whole; two places at once
        monkeypatch.setattr(additive, "SLICE_ELEMENTS", elements)
        scores = attention.scores(query, attention.keys(values))
        gradients = torch.autograd.grad(scores.sin().sum(), list(attention.parameters()))
        results.append([scores, *gradients])
    for whole, sliced in zip(*results, strict=True):
        assert torch.allclose(whole, sliced, atol=1e-6)


def test_dot_attention_refuses_vectors_of_different_sizes():
    with pytest.raises(ConfigurationError, match=r"have 4 features and the encoder's 6; use model"):
        Dot(4, 6)
