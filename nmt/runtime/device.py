"""The device of all tensors, and the number of threads that compute on a CPU."""

import os

import torch

from nmt.runtime.errors import ConfigurationError, require

MAX_THREADS = 1024


def choose(name: str, number: int = 0) -> torch.device:
    """Return the device of a name such as `cpu`, `cuda` or `cuda:1`; `auto` prefers CUDA.

    Args:
        name: from the configuration.
        number: of this process among those on its machine that work together, each of which takes
            the GPU of its number unless `name` has one.

    Raises:
        ConfigurationError: if torch does not know the name, or the device does not exist.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and number:
        name = f"cuda:{number}"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ConfigurationError(
            f"device={name} is no device; expected auto, cpu, cuda or cuda:NUMBER"
        ) from error
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"device={name} cannot be used here: {reason}") from error
    return device


def set_threads(threads: object) -> None:
    """Set the number of torch's threads; None leaves torch's default.

    Raises:
        ConfigurationError: if it is no integer from 1 to 1024.
    """
    if threads is None:
        return
    if type(threads) is int and 1 <= threads <= MAX_THREADS:
        torch.set_num_threads(threads)
    else:
        require(False, "threads", threads, f"a whole number, 1 to {MAX_THREADS}")


def _compute_with_one_thread() -> None:
    """In a forked process, which has no other threads, but whose OpenMP would wait for them."""
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compute_with_one_thread)
