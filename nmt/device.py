"""Where tensors live and how many threads work on them."""

import torch

from nmt import ranges
from nmt.errors import ConfigurationError


def choose(name: str) -> torch.device:
    """Turn a name such as `cpu`, `cuda` or `cuda:1` into a device; `auto` takes CUDA if there is.

    Raises:
        ConfigurationError: if torch does not know the name, or the device is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigurationError(
            f"device={name} is no device; expected auto, cpu, cuda or cuda:NUMBER"
        ) from error
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise ConfigurationError(f"device={name} cannot be used here: {why}") from error
    return device


def use_threads(threads: int | None) -> None:
    """Let torch work on so many threads; None leaves it at torch's own choice.

    Raises:
        ConfigurationError: if the number is below 1.
    """
    if threads is None:
        return
    ranges.at_least("threads", threads, 1)
    torch.set_num_threads(threads)
