"""A bound on the memory of searches with many hypotheses of a line; without torch.

Linux promises more memory than there is, and then kills processes: an error at the time would be
too late.
"""

import logging
from bisect import bisect_right
from dataclasses import replace

from nmt.data.windows import LineWindows
from nmt.runtime import allocator
from nmt.runtime.errors import ConfigurationError

MOST = 1 << 40
"""Hypotheses that no memory holds."""

log = logging.getLogger(__name__)


def fitted(windows: LineWindows, search: object, pieces: int, processes: int) -> LineWindows:
    """Return windows whose batches a search can hold, if need be smaller, with a warning.

    The arguments are those of `lines_at_once`.

    Raises:
        ConfigurationError: if not even a single line fits.
    """
    lines = lines_at_once(search, pieces, processes)
    if lines >= windows.sentences:
        return windows
    key, hypotheses = _hypotheses(search)
    log.warning(
        "%s=%d: batches have %d lines instead of %d, to fit into half of the memory; each line"
        " takes about %d times as long as with greedy search",
        *(key, hypotheses, lines, windows.sentences, hypotheses),
    )
    return replace(windows, sentences=lines)


def lines_at_once(search: object, pieces: int, processes: int) -> int:
    """Return how many lines a search can hold in a process's share of half of the memory.

    Args:
        search: has `size` or `best` hypotheses of each line in a step, or one.
        pieces: size of the target vocabulary.
        processes: that search at the same time.

    Raises:
        ConfigurationError: if not even a single line fits; names the largest number that does.
    """
    key, hypotheses = _hypotheses(search)
    budget = allocator.memory() // 2 // processes
    needed = _bytes(hypotheses, pieces)
    if needed > budget:
        sizes = range(1, min(hypotheses, MOST))
        largest = bisect_right(sizes, budget, key=lambda size: _bytes(size, pieces))
        raise ConfigurationError(
            f"{key}={hypotheses}: the search of a single line needs {needed / 1e9:.3g} GB with"
            f" {pieces} pieces, and a process may take {budget / 1e9:.3g} GB, its share of half of"
            f" the memory; expected at most {largest}"
        )
    return budget // needed


def _hypotheses(search: object) -> tuple[str, int]:
    name = "size" if hasattr(search, "size") else "best"
    return f"search.{name}", int(getattr(search, name, 1))


def _bytes(hypotheses: int, pieces: int) -> int:
    """Return the bytes of a step: scores of all pieces twice, and of each row's best extensions."""
    extensions = min(hypotheses, pieces)
    return hypotheses * (2 * 4 * pieces + (4 + 8 + 8 + 8) * extensions)
