"""The only file that knows ranks: how several processes, started by torchrun, train as one."""

import os
from collections.abc import Iterable

import torch
import torch.distributed
from torch import Tensor


def rank() -> int:
    """Give this process's number, 0 for the only one."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """Give how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def start() -> None:
    """Meet the other processes; nothing for a single one."""
    if ranks() > 1 and not torch.distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(backend)


def add(numbers: Tensor) -> Tensor:
    """Give the sum over all processes of a tensor of one shape."""
    if ranks() > 1:
        torch.distributed.all_reduce(numbers)
    return numbers


def add_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by the sum of all processes' gradients.

    A parameter that a process did not use counts as a gradient of zeros.
    """
    if ranks() == 1:
        return
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        add(parameter.grad)
