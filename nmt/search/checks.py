"""Validation of the length limits that all searches have; without torch."""

import math

from nmt.runtime.errors import require

MOST = 1 << 30
"""Pieces that no translation exceeds, whatever its limit."""


def check_length(factor: float, extra: int) -> None:
    """Check that the numbers allow a translation.

    Raises:
        ConfigurationError: if `factor` or `extra` is negative, or not finite.
    """
    finite = 0 <= factor < math.inf
    require(finite, "search.length_factor", factor, "a finite number, 0 or more")
    require(extra >= 0, "search.length_extra", extra, "0 or more")
