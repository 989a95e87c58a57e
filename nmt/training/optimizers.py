"""Optimizers: the weights they decay, and torch's own without their hooks for its compiler.

Making or stepping one of torch's optimizers imports `torch._dynamo`, 800 modules and over a second
of each start, only to exclude it from a compilation that never happens. The methods are decorated
for that; the functions below the decorators do the work.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from nmt.runtime.errors import ConfigurationError

METHODS = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def build_optimizer(make: Callable[..., Optimizer], network: nn.Module) -> Optimizer:
    """Build the optimizer of a network's parameters.

    Args:
        make: an optimizer's class and its settings, as a partial.
        network: decides the parameter groups.

    Raises:
        ConfigurationError: if the optimizer's class refuses its settings.
    """
    if isinstance(make, functools.partial):
        make = eager(make)
    try:
        return make(parameter_groups(network))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"optimizer: {' '.join(str(error).split())}") from error


def eager(make: functools.partial[Any]) -> functools.partial[Any]:
    """Return a factory of the same optimizer that never imports torch's compiler.

    Args:
        make: a class and its settings; returned as it is if the class is not torch's.
    """
    if not make.func.__module__.startswith("torch.optim."):
        return make
    kind: Any = make.func
    return functools.partial(_eager(kind), *make.args, **make.keywords)


def _eager(kind: type[Optimizer]) -> type[Optimizer]:
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in METHODS}
    # One of the removed decorators kept the step out of the graph.
    methods["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), methods)


def parameter_groups(network: nn.Module) -> list[dict[str, Any]]:
    """Return two groups, of which the second never decays: parameters with fewer than two axes.

    To decay the gain of a normalization towards zero would switch the layer off. Loshchilov and
    Hutter 2019 leave the question open; not to decay biases and gains is common practice.
    """
    parameters = [one for one in network.parameters() if one.requires_grad]
    return [
        {"params": [one for one in parameters if one.dim() >= 2]},
        {"params": [one for one in parameters if one.dim() < 2], "weight_decay": 0.0},
    ]
