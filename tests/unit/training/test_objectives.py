import math

import pytest
import torch
from torch import nn

from nmt.data.batch import Batch
from nmt.training.objectives.cross_entropy import CrossEntropy

PIECES = 7


class Network(nn.Module):
    """Readouts that are embedded inputs, and a matrix to logits."""

    def __init__(self, dtype):
        super().__init__()
        torch.manual_seed(1)
        self.embedding = nn.Embedding(PIECES, 5, dtype=dtype)
        self.output = nn.Linear(5, PIECES, dtype=dtype)

    def forward(self, batch):
        self.readouts = self.embedding(batch.inputs)
        if self.readouts.requires_grad:
            self.readouts.retain_grad()
        return self.readouts

    def logits(self, readouts):
        self.readout_shape = readouts.shape
        return self.output(readouts)


def batch():
    source = torch.tensor([[4, 5, 3], [6, 3, 0]])
    target = torch.tensor([[2, 4, 5, 6, 3], [2, 6, 3, 0, 0]])
    return Batch(source, target)


def by_hand(network, smoothing):
    """Return smoothed and plain sums in nats, by a loop over positions and pieces."""
    logits = network.output(network.embedding(batch().inputs)).tolist()
    smoothed = plain = 0.0
    for row, labels in enumerate(batch().labels.tolist()):
        for position, label in enumerate(labels):
            if label == 0:
                continue
            total = sum(math.exp(one) for one in logits[row][position])
            for piece in range(PIECES):
                log_probability = logits[row][position][piece] - math.log(total)
                share = smoothing / PIECES + (1 - smoothing if piece == label else 0)
                smoothed -= share * log_probability
                plain -= log_probability if piece == label else 0
    return smoothed, plain


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("slice_positions", [1, 4, 100])
def test_the_loss_equals_a_loop_written_by_hand(smoothing, slice_positions):
    network = Network(torch.float64)
    loss = CrossEntropy(smoothing, slice_positions)(network, batch(), 1)
    smoothed, plain = by_hand(network, smoothing)
    assert loss.pieces == 6
    assert loss.sum.item() == pytest.approx(smoothed, rel=1e-12)
    assert loss.negative_log_likelihood.item() == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("slice_positions", [1, 4, 100])
def test_the_gradient_equals_that_of_torch(slice_positions):
    network = Network(torch.float64)
    CrossEntropy(0.1, slice_positions)(network, batch(), 1).sum.backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    logits = network.logits(network(batch()))
    labels = batch().labels.masked_fill(~batch().mask, -100)
    reference = nn.functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), label_smoothing=0.1, reduction="sum"
    )
    (reference * 1).backward()
    for ours, parameter in zip(gradients, network.parameters(), strict=True):
        torch.testing.assert_close(ours, parameter.grad, rtol=1e-10, atol=1e-12)


def test_a_scaled_loss_has_a_scaled_gradient():
    gradients = []
    for scale in (1.0, 3.0):
        network = Network(torch.float64)
        (CrossEntropy(0.1, 4)(network, batch(), 1).sum * scale).backward()
        gradients.append(network.output.weight.grad)
    torch.testing.assert_close(3 * gradients[0], gradients[1])


def test_padding_gets_a_gradient_of_exactly_zero_and_no_logits():
    network = Network(torch.float32)
    CrossEntropy(0.1, 2)(network, batch(), 1).sum.backward()
    assert network.readout_shape == (6, 5)
    lengths = network.readouts.grad.abs().sum(-1)
    assert torch.equal(lengths != 0, batch().mask)


def test_the_plain_likelihood_has_no_gradient():
    loss = CrossEntropy(0.1, 4)(Network(torch.float32), batch(), 1)
    assert loss.sum.requires_grad
    assert not loss.negative_log_likelihood.requires_grad


def test_without_gradients_the_values_are_the_same():
    network = Network(torch.float32)
    with torch.no_grad():
        alone = CrossEntropy(0.1, 4)(network, batch(), 1)
    both = CrossEntropy(0.1, 4)(network, batch(), 1)
    assert not alone.sum.requires_grad
    assert torch.equal(alone.sum, both.sum)


def test_the_loss_of_bfloat16_logits_is_computed_in_float32():
    logits = torch.randn(6, PIECES).bfloat16()
    reference = nn.functional.cross_entropy(
        logits.float(), batch().labels[batch().mask], reduction="sum"
    )

    class Given(Network):
        def logits(self, readouts):
            return logits.requires_grad_()

    loss = CrossEntropy(0.0, 4)(Given(torch.float32), batch(), 1)
    assert loss.sum.dtype == torch.float32
    assert loss.sum.item() == pytest.approx(reference.item(), rel=1e-6)
    loss.sum.backward()
    assert logits.grad.dtype == torch.bfloat16


def test_the_loss_of_very_improbable_labels_is_exact():
    class Given(Network):
        def logits(self, readouts):
            return torch.tensor([[500.0] + [0.0] * 6] * 6) + 0 * readouts.sum()

    # Shares of e^-500 are 0 in float32; no label is piece 0.
    loss = CrossEntropy(0.0, 4)(Given(torch.float32), batch(), 1)
    assert loss.sum.item() == 6 * 500


def test_the_gradient_is_written_over_the_logits():
    class Given(Network):
        def logits(self, readouts):
            self.given = super().logits(readouts)
            return self.given

    network = Given(torch.float32)
    CrossEntropy(0.1, 4)(network, batch(), 1).sum.backward()
    gradient = network.given.detach()
    # Shares add up to 1, and so do the labels'.
    torch.testing.assert_close(gradient.sum(1), torch.zeros(6), atol=1e-6, rtol=0)
    torch.testing.assert_close(network.output.bias.grad, gradient.sum(0))


class Bounded(Network):
    """Its logits are kept for their own gradient, against the contract."""

    def logits(self, readouts):
        return super().logits(readouts).tanh()


def test_logits_that_are_needed_again_are_an_error():
    loss = CrossEntropy(0.1, 4)(Bounded(torch.float32), batch(), 1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.sum.backward()


def test_a_batch_without_a_target_piece_has_no_loss_and_a_gradient_of_zero():
    network = Network(torch.float32)
    empty = Batch(torch.tensor([[3]]), torch.tensor([[2, 0]]))
    loss = CrossEntropy(0.1, 4)(network, empty, 1)
    loss.sum.backward()
    assert (loss.pieces, loss.sum.item()) == (0, 0.0)
    assert not network.output.weight.grad.any()
