"""Updates within the memory that there is: learned batch sizes, and work that can be undone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nmt.data.batch import Batch
from nmt.runtime import random_state


class BatchSizeLimits:
    """How many positions a batch may have, learned from batches that did not fit into memory.

    The gradients and losses of a part are sums over its pieces, so an update that is computed in
    parts equals that of the whole batch, up to rounding and the sampled dropout masks.

    Attributes:
        limits: positions (rows times width) by width. Each limit holds for its own width and all
            above, and wider batches have smaller limits; narrower batches have none.
    """

    def __init__(self) -> None:
        self.limits: dict[int, int] = {}

    def split(self, batch: Batch) -> Iterator[Batch]:
        """Yield the batch in parts, of at least one row each, that are within the limits."""
        limits = [limit for width, limit in self.limits.items() if width <= batch.width]
        rows = len(batch.source)
        size = max(1, min(limits) // batch.width) if limits else rows
        for first in range(0, rows, size):
            yield batch if size >= rows else batch.part(slice(first, first + size))

    def halve(self, part: Batch) -> int:
        """Limit batches as wide as `part` to half its rows; return the limit in positions."""
        limit = max(1, len(part.source) // 2) * part.width
        others = {
            width: positions
            for width, positions in self.limits.items()
            if width < part.width or positions < limit
        }
        self.limits = dict(sorted({**others, part.width: limit}.items()))
        return limit


@contextmanager
def rollback_on_error(network: nn.Module) -> Iterator[None]:
    """Drop gradients and restore buffers and random generators if the block raises.

    Work that a signal or a lack of memory cuts off can then be repeated with the same random
    numbers. Weights are not restored.
    """
    random = random_state.capture()
    buffers = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    except BaseException:
        network.zero_grad(set_to_none=True)
        random_state.restore(random)
        with torch.no_grad():
            for buffer, before in zip(network.buffers(), buffers, strict=True):
                buffer.copy_(before)
        raise
