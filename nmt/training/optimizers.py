"""Optimizers of torch without the parts that speak to its compiler.

Making any of them, or moving it, imports `torch._dynamo` and with it 800 modules, over a second of
each start, only to tell a compiler that nobody calls to keep off. Each such method holds the one
that does the work as `__wrapped__`, as decorators do; a class of its own takes these.
"""

import functools
import inspect
from typing import Any

import torch
from torch.optim import Optimizer

METHODS = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def eager(make: functools.partial[Any]) -> functools.partial[Any]:
    """Give what makes the same optimizer without the compiler, if it is one of torch's.

    Args:
        make: a class and its settings.
    """
    if not make.func.__module__.startswith("torch.optim."):
        return make
    kind: Any = make.func
    return functools.partial(_eager(kind), *make.args, **make.keywords)


def _eager(kind: type[Optimizer]) -> type[Optimizer]:
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in METHODS}
    # One of the decorators that are passed over kept the moves out of the graph.
    methods["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), methods)
