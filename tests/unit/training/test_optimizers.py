"""Optimizers without torch's compiler move weights exactly as torch's own do."""

import functools

import pytest
import torch
from torch import optim

from nmt.training.optimizers import eager

MAKERS = {
    "adam": functools.partial(optim.Adam, lr=0.1, betas=(0.9, 0.98), fused=True),
    "adamw": functools.partial(optim.AdamW, lr=0.1, weight_decay=0.3, fused=True),
    "sgd": functools.partial(optim.SGD, lr=0.1, momentum=0.9),
    "adagrad": functools.partial(optim.Adagrad, lr=0.1),
}


def moved(make):
    """Weights and state after some updates, half of them after the state was saved and loaded."""
    torch.manual_seed(1)
    layer = torch.nn.Linear(3, 2)
    optimizer = make([{"params": [layer.weight]}, {"params": [layer.bias], "lr": 0.01}])
    for update in range(6):
        if update == 3:
            state = optimizer.state_dict()
            optimizer = make([{"params": [layer.weight]}, {"params": [layer.bias]}])
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        layer(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    return [*layer.parameters()], optimizer.state_dict()


@pytest.mark.parametrize("name", MAKERS)
def test_weights_and_state_are_those_of_torch(name):
    (weights, state), (expected, known) = moved(eager(MAKERS[name])), moved(MAKERS[name])
    assert all(map(torch.equal, weights, expected))
    assert all(weight.requires_grad and weight.grad is not None for weight in weights)
    assert state["param_groups"] == known["param_groups"]
    for number, values in known["state"].items():
        assert all(torch.equal(values[key], state["state"][number][key]) for key in values)


class Own(optim.SGD):
    """An optimizer of the user's."""


def test_an_optimizer_of_the_user_is_left_as_it_is():
    make = functools.partial(Own, lr=0.1)
    assert eager(make) is make
