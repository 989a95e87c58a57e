"""How several processes, whose numbers torchrun or nmt/training/distributed/launcher.py gave
them, train as one.

All decide the same at the same moments, as what decides is the same in all: sums, the first one's
clock, the greatest of all signals. What one of them alone decided, the others would wait for.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import Tensor

from nmt.runtime.errors import ConfigurationError, LostProcessError
from nmt.runtime.out_of_memory import is_out_of_memory

Value = TypeVar("Value")

PATIENCE = timedelta(days=7)
"""How long the others wait for the first one, which may prepare a corpus. Ended processes are
noticed at once."""


def rank() -> int:
    """Give this process's number, 0 for the only one."""
    return _number("RANK", 0)


def ranks() -> int:
    """Give how many processes train together."""
    return _number("WORLD_SIZE", 1)


def place() -> int:
    """Give this process's number among those of its machine, 0 for the only one."""
    return _number("LOCAL_RANK", 0)


def _number(name: str, alone: int) -> int:
    text = os.environ.get(name, str(alone))
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{name}={text}: expected a whole number, as torchrun sets it")
    return int(text)


def start() -> None:
    """Meet the other processes; nothing for a single one.

    Raises:
        LostProcessError: if they cannot meet.
    """
    if ranks() > 1 and not torch.distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        try:
            torch.distributed.init_process_group(backend, timeout=PATIENCE)
        except (RuntimeError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise LostProcessError(
                f"the processes of this training cannot meet ({why}); start them by workers=N, or"
                " by torchrun, which sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT"
            ) from error


@contextmanager
def met() -> Iterator[None]:
    """Meet the other processes, and part from them whether the work is done or failed."""
    start()
    try:
        yield
    finally:
        # Its threads must be gone before Python is, which would end with a fault.
        if ranks() > 1 and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def add(numbers: Tensor) -> Tensor:
    """Give the sum over all processes of a tensor of one shape."""
    if ranks() > 1:
        with _together():
            torch.distributed.all_reduce(numbers)
    return numbers


def greatest(number: int) -> int:
    """Give the greatest of all processes' numbers."""
    if ranks() == 1:
        return number
    found = torch.tensor(number)
    with _together():
        torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
    return int(found)


def of_first(number: float) -> float:
    """Give the first process's number."""
    return float(add(torch.tensor(0.0 if rank() else number, dtype=torch.float64)))


def value_of_first(value: Value) -> Value:
    """Give what the first process has, which is pickled."""
    if ranks() == 1:
        return value
    values: list[Any] = [value]
    with _together():
        torch.distributed.broadcast_object_list(values)
    found: Value = values[0]
    return found


def values_of_all(value: Value) -> list[Value]:
    """Give what each process has, in the order of their numbers; it is pickled."""
    if ranks() == 1:
        return [value]
    values: list[Any] = [None] * ranks()
    with _together():
        torch.distributed.all_gather_object(values, value)
    return values


@contextmanager
def first_before_others() -> Iterator[None]:
    """Let the first process do something alone, and then the others the same at once."""
    if rank():
        greatest(0)
    yield
    if not rank():
        greatest(0)


def add_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by the sum of all processes' gradients.

    Where only others have one, zeros count; what none of them used keeps none, as with one
    process. All gradients of a type go in one message, and afterwards are parts of it.
    """
    if ranks() == 1:
        return
    trained = [one for one in parameters if one.requires_grad]
    uses = add(torch.tensor([one.grad is not None for one in trained], dtype=torch.int64)).tolist()
    groups: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for parameter in itertools.compress(trained, uses):
        groups.setdefault((parameter.dtype, parameter.device), []).append(parameter)
    for group in groups.values():
        flat = add(torch.cat([_gradient(parameter).reshape(-1) for parameter in group]))
        sizes = [parameter.numel() for parameter in group]
        for parameter, total in zip(group, torch.split(flat, sizes), strict=True):
            parameter.grad = total.view_as(parameter)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


@contextmanager
def _together() -> Iterator[None]:
    """Say that another process has ended, where the work of all fails.

    Raises:
        LostProcessError: whatever torch's engines say, unless it is that memory is short.
    """
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise LostProcessError(
            "another process of this training has ended, and so do all; the same command goes on"
            f" from the last saved state ({str(error).splitlines()[0]})"
        ) from error
