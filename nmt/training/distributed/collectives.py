"""Communication among the processes of one training, whose ranks torchrun or `launcher` has set.

Every decision of the training loop must be the same in all processes, so it is derived from values
that are: sums, the clock of the first process, the greatest signal number. A process that decided
alone would leave the others waiting.
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

TIMEOUT = timedelta(days=7)
"""How long processes wait for the first one, which may prepare a corpus. The end of a process is
noticed at once all the same."""


def rank() -> int:
    """Return the number of this process, 0 for the first."""
    return _variable("RANK", 0)


def world_size() -> int:
    """Return the number of processes that train together."""
    return _variable("WORLD_SIZE", 1)


def local_rank() -> int:
    """Return the number of this process among those on its machine."""
    return _variable("LOCAL_RANK", 0)


def _variable(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{name}={text}: expected a whole number, as torchrun sets it")
    return int(text)


def initialize() -> None:
    """Connect to the other processes, if there are any.

    Raises:
        LostProcessError: if that fails.
    """
    if world_size() > 1 and not torch.distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        try:
            torch.distributed.init_process_group(backend, timeout=TIMEOUT)
        except (RuntimeError, ValueError) as error:
            message = str(error).splitlines()[0]
            raise LostProcessError(
                f"the processes of this training cannot connect ({message}); start them with"
                " workers=N, or with torchrun, which sets RANK, WORLD_SIZE, MASTER_ADDR and"
                " MASTER_PORT"
            ) from error


@contextmanager
def process_group() -> Iterator[None]:
    """Connect to the other processes for the time of this context."""
    initialize()
    try:
        yield
    finally:
        # Python crashes at its end if the group's threads are still running.
        if world_size() > 1 and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def all_reduce_sum(numbers: Tensor) -> Tensor:
    """Return the sum over all processes of a tensor that has the same shape in each."""
    if world_size() > 1:
        with _explain_failure():
            torch.distributed.all_reduce(numbers)
    return numbers


def all_reduce_max(number: int) -> int:
    """Return the maximum over all processes."""
    if world_size() == 1:
        return number
    maximum = torch.tensor(number)
    with _explain_failure():
        torch.distributed.all_reduce(maximum, torch.distributed.ReduceOp.MAX)
    return int(maximum)


def broadcast_number(number: float) -> float:
    """Return the number of the first process."""
    own = torch.tensor(0.0 if rank() else number, dtype=torch.float64)
    return float(all_reduce_sum(own))


def broadcast(value: Value) -> Value:
    """Return the value of the first process, which is pickled."""
    if world_size() == 1:
        return value
    values: list[Any] = [value]
    with _explain_failure():
        torch.distributed.broadcast_object_list(values)
    first: Value = values[0]
    return first


def all_gather(value: Value) -> list[Value]:
    """Return the values of all processes, which are pickled, by rank."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    with _explain_failure():
        torch.distributed.all_gather_object(values, value)
    return values


@contextmanager
def first_process_first() -> Iterator[None]:
    """Run the block in the first process, and after that in all others at the same time."""
    if rank():
        all_reduce_max(0)
    yield
    if not rank():
        all_reduce_max(0)


def sum_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by its sum over all processes.

    A gradient that is missing in some processes counts as zeros there; one that is missing in all
    stays so. Gradients of one type travel in one message, of which they are views afterwards.
    """
    if world_size() == 1:
        return
    trained = [one for one in parameters if one.requires_grad]
    own = torch.tensor([one.grad is not None for one in trained], dtype=torch.int64)
    uses = all_reduce_sum(own).tolist()
    groups: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for parameter in itertools.compress(trained, uses):
        groups.setdefault((parameter.dtype, parameter.device), []).append(parameter)
    for group in groups.values():
        flat = all_reduce_sum(torch.cat([_gradient(one).reshape(-1) for one in group]))
        sizes = [parameter.numel() for parameter in group]
        for parameter, total in zip(group, torch.split(flat, sizes), strict=True):
            parameter.grad = total.view_as(parameter)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


@contextmanager
def _explain_failure() -> Iterator[None]:
    """Report that another process has ended if a collective operation fails.

    Raises:
        LostProcessError: for any error of torch's backends but a lack of memory.
    """
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise LostProcessError(
            "another process of this training has ended, and so do all; the same command resumes"
            f" from the last saved state ({str(error).splitlines()[0]})"
        ) from error
