"""Objectives of two passes equal their equations in torch, and have an effect of their own."""

from dataclasses import replace

import pytest
import torch
from helpers.networks import batch, network
from torch import nn

from nmt.data.special_ids import PADDING
from nmt.models.decoders.input_feeding import InputFeedingDecoder
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.models.embeddings import Embedding, word_dropout
from nmt.training.objectives.consistency import Weights, consistency
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.objectives.r_drop import RDrop
from nmt.training.objectives.simcut import SimCut

OBJECTIVES = [SimCut(0.1, 3, 3.0, 0.5), RDrop(0.1, 3, 5.0)]


def pieces_of_two_passes(dtype=torch.float64):
    torch.manual_seed(1)
    first, second = torch.randn(2, 5, 7, dtype=dtype).unbind()
    return first.requires_grad_(), second.requires_grad_(), torch.tensor([4, 1, 6, 0, 4])


def by_torch(first, second, labels, weights, smoothing):
    log_p, log_q = first.log_softmax(-1), second.log_softmax(-1)
    entropies = [
        nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")
        for logits in (first, second)
    ]
    return (
        weights.first * entropies[0]
        + weights.second * entropies[1]
        + weights.forward * (log_p.exp() * (log_p - log_q)).sum()
        + weights.backward * (log_q.exp() * (log_q - log_p)).sum()
    )


@pytest.mark.parametrize("slice_positions", [1, 2, 100])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weights", [(1, 0, 3.0, 0), (0.5, 0.5, 1.5, 1.5), (0.2, 0.7, 0, 4.0)])
def test_sum_and_gradients_equal_those_of_torch(weights, smoothing, slice_positions):
    first, second, labels = pieces_of_two_passes()
    expected = by_torch(first, second, labels, Weights(*weights), smoothing)
    gradients = torch.autograd.grad(2 * expected, (first, second))
    copies = first * 1, second * 1
    total, _ = consistency(copies, labels, Weights(*weights), smoothing, slice_positions)
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(torch.autograd.grad(2 * total, (first, second)), gradients)


def test_the_likelihood_is_the_mean_of_the_passes_that_have_a_cross_entropy():
    first, second, labels = pieces_of_two_passes()
    own = [
        nn.functional.cross_entropy(logits, labels, reduction="sum") for logits in (first, second)
    ]
    for weights, expected in (
        (Weights(1, 0, 3.0, 0), own[0]),
        (Weights(0.5, 0.5, 1.0, 1.0), sum(own) / 2),
    ):
        with torch.no_grad():
            copies = first.clone(), second.clone()
            _, likelihood = consistency(copies, labels, weights, 0.2, 2)
        torch.testing.assert_close(likelihood, expected.detach())


def test_nearly_impossible_pieces_have_finite_divergences_and_gradients():
    logits = [torch.tensor([[sign * 500.0, 0, 0]], requires_grad=True) for sign in (1.0, -1.0)]
    copies = logits[0] * 1, logits[1] * 1
    total, _ = consistency(copies, torch.tensor([0]), Weights(1, 0, 3.0, 0), 0.1, 8)
    total.backward()
    assert total.isfinite()
    assert all(one.grad.isfinite().all() for one in logits)


def test_a_second_pass_of_simcut_is_cut_and_the_first_is_not():
    torch.manual_seed(2)
    model, pairs = network(ParallelDecoder, dropout=0.0), batch()
    dropped = []
    for embedding in {model.embedding, model.decoder.embedding}:
        embedding.register_forward_hook(
            lambda module, inputs, output: dropped.append(
                ((output == 0).all(-1) & (inputs[0] != PADDING)).sum().item()
            )
        )
    SimCut(0.0, 64, 1.0, 0.9)(model.train(), pairs, 1)
    assert dropped[:2] == [0, 0]  # source and target of the first pass
    assert min(dropped[2:]) > 0
    assert all(one.word_dropout == 0 for one in model.modules() if isinstance(one, Embedding))


def test_a_share_of_positions_is_dropped_within_the_context_alone():
    torch.manual_seed(3)
    embedding = Embedding(9, 4, dropout=0.0, word_dropout=0.2)
    ids = torch.full((100, 100), 5)
    with word_dropout(embedding, 0.5):
        dropped = (embedding(ids).abs().sum(-1) == 0).double().mean().item()
        assert not (embedding.eval()(ids) == 0).all(-1).any()
    assert dropped == pytest.approx(1 - 0.8 * 0.5, abs=0.02)
    assert embedding.word_dropout == 0.2


def test_an_error_within_the_context_leaves_the_rate_as_it_was():
    embedding = Embedding(9, 4, dropout=0.0, word_dropout=0.2)
    with pytest.raises(ValueError, match="mine"), word_dropout(embedding, 0.5):
        raise ValueError("mine")
    assert embedding.word_dropout == 0.2


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_in_evaluation_mode_the_loss_is_the_cross_entropy(objective):
    model, pairs = network(ParallelDecoder).eval(), batch()
    with torch.no_grad():
        ours = objective(model, pairs, 1)
        plain = CrossEntropy(0.1, 3)(model, pairs, 1)
    assert torch.equal(ours.sum, plain.sum)
    assert torch.equal(ours.negative_log_likelihood, plain.negative_log_likelihood)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("decoder", [ParallelDecoder, InputFeedingDecoder])
def test_training_makes_the_passes_agree_more_than_cross_entropy_alone_does(objective, decoder):
    divergences = []
    for trained_with in (CrossEntropy(0.1, 64), objective):
        torch.manual_seed(4)
        model, pairs = network(decoder).train(), batch()
        for embedding in {model.embedding, model.decoder.embedding}:
            embedding.dropout.rate = 0.3
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        for update in range(1, 21):
            optimizer.zero_grad()
            loss = trained_with(model, pairs, update)
            (loss.sum / loss.pieces).backward()
            optimizer.step()
        divergences.append(divergence(objective, model, pairs))
    assert divergences[1] < divergences[0]


@torch.no_grad()
def divergence(objective, model, pairs):
    """Return the mean divergence of ten pairs of passes, the same for equal models."""
    total = 0.0
    for seed in range(10):
        for weighted, sign in ((objective, 1), (replace(objective, weight=0.0), -1)):
            torch.manual_seed(seed)
            total += sign * weighted(model, pairs, 1).sum.item()
    return total / 10
