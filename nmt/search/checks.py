"""What numbers a search may have; without torch, as the searches of all engines have them."""

import math

from nmt.runtime.errors import require

MOST = 1 << 30
"""Pieces that no translation exceeds, whatever is allowed."""


def check_length(factor: float, extra: int) -> None:
    """Refuse numbers that allow no translation.

    Raises:
        ConfigurationError: if `factor` or `extra` is negative, or infinite.
    """
    possible = 0 <= factor < math.inf
    require(possible, "search.length_factor", factor, "a finite number, 0 or more")
    require(extra >= 0, "search.length_extra", extra, "0 or more")


def check_beam(size: int, best: int) -> None:
    """Refuse a beam without rows, and more translations than it has rows.

    Raises:
        ConfigurationError: names the number.
    """
    require(size >= 1, "search.size", size, "1 or more")
    require(1 <= best <= size, "search.best", best, f"1 to search.size, which is {size}")
