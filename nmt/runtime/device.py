"""Where tensors live and how many threads work on them."""

import torch

from nmt.runtime.errors import ConfigurationError, require

MOST_THREADS = 1024


def choose(name: str, number: int = 0) -> torch.device:
    """Turn a name such as `cpu`, `cuda` or `cuda:1` into a device; `auto` takes CUDA if there is.

    Args:
        name: what the user asks for.
        number: of this process among those of its machine that work together; each has the GPU of
            its number, where the user names none.

    Raises:
        ConfigurationError: if torch does not know the name, or the device is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and number:
        name = f"cuda:{number}"
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


def use_threads(threads: object) -> None:
    """Let torch work on so many threads; None leaves it at torch's own choice.

    Raises:
        ConfigurationError: if the number is none that a machine can have.
    """
    if threads is None:
        return
    if type(threads) is int and 1 <= threads <= MOST_THREADS:
        torch.set_num_threads(threads)
    else:
        require(False, "threads", threads, f"a whole number, 1 to {MOST_THREADS}")
