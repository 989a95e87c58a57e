import math
from functools import partial

import pytest
import torch

from nmt.models.attention import additive
from nmt.models.attention.additive import AdditiveAttention, ConcatAttention
from nmt.models.attention.dot import DotAttention, ScaledDotAttention
from nmt.models.attention.general import GeneralAttention, ScaledGeneralAttention
from nmt.models.attention.local import PredictiveLocalAttention
from nmt.models.memory import Memory
from nmt.runtime.errors import ConfigurationError

LOCAL = partial(PredictiveLocalAttention, reach=2)
SUMMING = [
    DotAttention,
    ScaledDotAttention,
    GeneralAttention,
    ScaledGeneralAttention,
    partial(AdditiveAttention, size=5),
    partial(ConcatAttention, size=5),
]
ATTENTIONS = [*SUMMING, LOCAL]


def memory_of(attention, sentences=3, positions=4):
    mask = torch.ones(sentences, positions, dtype=torch.bool)
    mask[1, 2:] = False
    values = torch.randn(sentences, positions, attention.value_size)
    return attention.precompute_keys(Memory(values, mask, ()))


@pytest.mark.parametrize("make", SUMMING)
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
        for position in range(2):
            mean = sum(
                weight * value
                for weight, value in zip(
                    weights[sentence, position], memory.values[sentence], strict=True
                )
            )
            assert torch.allclose(context[sentence, position], mean, atol=1e-6)


@pytest.mark.parametrize("make", ATTENTIONS)
def test_a_step_of_a_search_computes_each_row_as_if_it_were_alone(make):
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
    assert DotAttention(2, 2).scores(query, value).item() == pytest.approx(1.0)
    assert ScaledDotAttention(2, 2).scores(query, value).item() == pytest.approx(1 / math.sqrt(2))
    general = GeneralAttention(2, 2)
    with torch.no_grad():
        general.projection.weight.copy_(torch.tensor([[0.0, 1.0], [1.0, 1.0]]))
    assert general.scores(query, general.keys(value)).item() == pytest.approx(-1 + 2 * 2)
    network = AdditiveAttention(2, 2, 1)
    with torch.no_grad():
        network.query.weight.copy_(torch.tensor([[0.1, 0.2]]))
        network.key.weight.copy_(torch.tensor([[0.3, 0.4]]))
        network.key.bias.fill_(0.05)
        network.vector.fill_(2.0)
    expected = 2 * math.tanh(0.1 + 0.4 + 0.9 - 0.4 + 0.05)
    assert network.scores(query, network.keys(value)).item() == pytest.approx(expected)


def test_additive_attention_in_slices_equals_the_whole_with_gradients(monkeypatch):
    torch.manual_seed(4)
    attention = AdditiveAttention(6, 6, 5)
    query, values = torch.randn(2, 7, 6), torch.randn(2, 4, 6)
    results = []
    for elements in (2**24, 2 * 4 * 5 * 2):  # whole; two positions at once
        monkeypatch.setattr(additive, "SLICE_ELEMENTS", elements)
        scores = attention.scores(query, attention.keys(values))
        gradients = torch.autograd.grad(scores.sin().sum(), list(attention.parameters()))
        results.append([scores, *gradients])
    for whole, sliced in zip(*results, strict=True):
        assert torch.allclose(whole, sliced, atol=1e-6)


def test_concat_scores_by_one_matrix_over_query_and_value_side_by_side():
    attention = ConcatAttention(2, 2, 1)
    with torch.no_grad():
        attention.query.weight.copy_(torch.tensor([[0.1, 0.2]]))
        attention.key.weight.copy_(torch.tensor([[0.3, 0.4]]))
        attention.vector.fill_(2.0)
    query, value = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, -1.0]]])
    expected = 2 * math.tanh(0.1 + 0.4 + 0.9 - 0.4)
    assert attention.scores(query, attention.keys(value)).item() == pytest.approx(expected)


@torch.no_grad()
def local_weights(attention, query, values):
    """Equations 7, 9 and 10 of Luong et al. 2015 in lists, for one query and one sentence."""
    hidden = (attention.position.weight @ query).tanh()
    share = 1 / (1 + math.exp(-float(attention.vector.weight[0] @ hidden)))
    centre = len(values) * share
    inside = [
        position for position in range(len(values)) if abs(position - centre) <= attention.reach
    ]
    scores = {
        position: float(query @ attention.projection.weight @ values[position])
        for position in inside
    }
    total = sum(math.exp(score) for score in scores.values())
    deviation = attention.reach / 2
    return [
        math.exp(scores[position])
        / total
        * math.exp(-((position - centre) ** 2) / (2 * deviation**2))
        if position in scores
        else 0.0
        for position in range(len(values))
    ]


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, 6), (torch.float64, 12)])
def test_local_weights_are_those_of_the_paper_for_each_sentences_own_length(dtype, digits):
    torch.manual_seed(5)
    attention = LOCAL(6, 6).to(dtype)
    values, mask = torch.randn(3, 9, 6, dtype=dtype), torch.ones(3, 9, dtype=torch.bool)
    lengths = [9, 4, 1]
    for row, length in enumerate(lengths):
        mask[row, length:] = False
    with torch.no_grad():
        attention.vector.weight.mul_(4)  # so that the centres lie apart
    query = torch.randn(3, 5, 6, dtype=dtype) * 2
    _, weights = attention(query, attention.precompute_keys(Memory(values, mask, ())))
    for row, length in enumerate(lengths):
        for position in range(5):
            expected = local_weights(attention, query[row, position], values[row, :length])
            expected += [0.0] * (9 - length)
            result = weights[row, position].tolist()
            assert result == pytest.approx(expected, rel=0, abs=10**-digits)
    assert 0 < weights.sum(-1).min() <= weights.sum(-1).max() <= 1


def test_the_predicted_position_gets_its_gradients_from_the_gaussian():
    torch.manual_seed(6)
    attention = LOCAL(6, 6)
    context, _ = attention(torch.randn(3, 2, 6), memory_of(attention))
    gradients = torch.autograd.grad(context.sin().sum(), list(attention.parameters()))
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_a_reach_of_zero_is_rejected_by_name():
    with pytest.raises(ConfigurationError, match=r"model.attention.reach=0: expected at least 1"):
        PredictiveLocalAttention(4, 4, 0)


def test_dot_attention_rejects_vectors_of_different_sizes():
    with pytest.raises(ConfigurationError, match=r"have 4 features and the encoder's 6; use model"):
        DotAttention(4, 6)
