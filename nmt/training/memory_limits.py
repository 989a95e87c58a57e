"""How large a batch may be, as far as memory has taught; larger ones are cut into parts."""

from collections.abc import Iterator

from nmt.data.batch import Batch


class BatchSizeLimits:
    """Places that batches may have, by their length; whatever did not fit halves it.

    A part's gradients and losses are sums over its pieces, so an update made from the parts of a
    batch is that of the batch, but for rounding and for what dropout draws. Limits hold for all
    lengths from theirs on; below the smallest, batches have any size.

    Attributes:
        limits: places by length, fewer for the longer ones.
    """

    def __init__(self) -> None:
        self.limits: dict[int, int] = {}

    def parts(self, batch: Batch) -> Iterator[Batch]:
        """Cut a batch by its rows into parts that are allowed; the whole, if it is."""
        allowed = [limit for length, limit in self.limits.items() if length <= batch.width]
        rows = len(batch.source)
        size = max(1, min(allowed) // batch.width) if allowed else rows
        for first in range(0, rows, size):
            yield batch if size >= rows else batch.part(slice(first, first + size))

    def halve(self, part: Batch) -> int:
        """Allow half of what did not fit to batches of its length; give that number of places."""
        limit = max(1, len(part.source) // 2) * part.width
        kept = {
            length: places
            for length, places in self.limits.items()
            if length < part.width or places < limit
        }
        self.limits = dict(sorted({**kept, part.width: limit}.items()))
        return limit
