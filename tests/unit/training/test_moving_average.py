"""An exponential moving average is what is validated and saved, and resumes bit for bit."""

import math
import signal
from dataclasses import replace

import pytest
import torch
from helpers.trainers import assert_equal, metrics, trainer
from torch import nn

from nmt.models.parameters import weights
from nmt.runtime.errors import ConfigurationError
from nmt.runtime.signals import Interrupted
from nmt.training.averaging.exponential import ExponentialAveraging
from nmt.training.averaging.moving import ExponentialMovingAverage
from nmt.training.checkpoints import Checkpoints
from nmt.training.limits import StoppingCriteria
from nmt.training.progress import SkipReason
from nmt.training.resumption.resumption import ForkRecord

AVERAGING = ExponentialAveraging(0.8)


def saved(folder):
    return Checkpoints(folder, 2).newest()


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight")
    trainer(folder, averaging=AVERAGING).train()
    return folder


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.95])
def test_the_average_follows_its_recursion(decay):
    network = nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(network.weight, 1.0)
    average, expected = ExponentialMovingAverage(network, decay), 1.0
    for number, value in enumerate((3.0, -2.0, 5.0, 0.5) * 10, start=1):
        torch.nn.init.constant_(network.weight, value)
        average.update(network)
        kept = min(decay, (1 + number) / (10 + number))
        expected = kept * expected + (1 - kept) * value
        with average.applied(network):
            assert network.weight.item() == pytest.approx(expected, rel=1e-5)
        assert network.weight.item() == value


def test_after_an_error_the_network_has_its_own_weights():
    network = nn.Linear(3, 2)
    average, before = ExponentialMovingAverage(network, 0.5), weights(network)
    torch.nn.init.ones_(network.bias)
    average.update(network)
    own = weights(network)
    with pytest.raises(ZeroDivisionError), average.applied(network):
        assert torch.equal(network.weight, before["weight"])
        raise ZeroDivisionError
    assert_equal(weights(network), own)


def test_the_best_model_is_the_average_and_training_continues_from_the_weights(tmp_path):
    one = trainer(tmp_path, averaging=AVERAGING)
    averages = []
    update = one._moving.update

    def observed(network):
        update(network)
        averages.append(one._moving.state()["average"])

    one._moving.update = observed
    one.train()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert any(all(map(torch.equal, best.values(), average)) for average in averages), (
        "an average after some update is the best model"
    )
    newest = list(weights(one.updater.network).values())
    assert not all(map(torch.equal, averages[-1], newest))


def test_training_itself_is_that_without_an_average(tmp_path, straight):
    trainer(tmp_path).train()
    assert_equal(*(saved(folder)["updater"] for folder in (tmp_path, straight)))


@pytest.mark.parametrize("stop", [1, 8, 11, 29])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(straight, tmp_path, stop):
    one = trainer(tmp_path, averaging=AVERAGING)
    epoch, left = one.data.epoch, [stop]

    def signalling(number, skip):
        for batch in epoch(number, skip):
            left[0] -= 1
            if left[0] == 0:
                signal.raise_signal(signal.SIGINT)
            yield batch

    one.data.epoch = signalling
    with pytest.raises(Interrupted):
        one.train()
    trainer(tmp_path, averaging=AVERAGING, seed=77).train()
    assert_equal(*(saved(folder) for folder in (straight, tmp_path)))
    assert metrics(straight) == metrics(tmp_path)
    best = [torch.load(folder / "best.pt", weights_only=True) for folder in (straight, tmp_path)]
    assert_equal(*best)


def test_a_fork_to_an_average_starts_from_the_trained_weights(tmp_path):
    trainer(tmp_path, stopping=StoppingCriteria(None, 4, None)).train()
    forked = trainer(tmp_path, averaging=AVERAGING, forks=[ForkRecord(4, ["averaging._target_"])])
    trained = list(weights(forked.updater.network).values())
    assert all(map(torch.equal, forked._moving.state()["average"], trained))
    assert forked.train().update == 18


def test_a_skipped_update_does_not_count(tmp_path):
    one = trainer(tmp_path, averaging=AVERAGING, stopping=StoppingCriteria(None, 2, None))
    update = one.updater.update

    def skipping(*arguments):
        result = update(*arguments)
        skipped = SkipReason("a test", "nothing") if arguments[1] == 1 else None
        return replace(result, skip_reason=skipped)

    one.updater.update = skipping
    one.train()
    assert one._moving.state()["updates"] == 1


@pytest.mark.parametrize("decay", [1.0, 1.5, -0.1, math.nan, math.inf])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ConfigurationError, match=r"averaging.decay=.*at least 0 and below 1"):
        ExponentialAveraging(decay)
