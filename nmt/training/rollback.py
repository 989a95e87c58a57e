"""Work on a network that may be cut off: it is done, or leaves no trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nmt.runtime import random_state


@contextmanager
def rollback_on_error(network: nn.Module) -> Iterator[None]:
    """Put gradients, buffers and random generators back if the work raises anything.

    What a signal or a lack of memory interrupts is then as if it had never begun, and is made
    again with the same draws. The weights are not looked after.
    """
    random = random_state.random_state()
    buffers = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    except BaseException:
        network.zero_grad(set_to_none=True)
        random_state.restore_random_state(random)
        with torch.no_grad():
            for buffer, before in zip(network.buffers(), buffers, strict=True):
                buffer.copy_(before)
        raise
