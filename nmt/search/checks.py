"""Validation of what all searches have: length limits, and numbers of candidates; without torch."""

import math
from collections.abc import Mapping
from typing import Any

from nmt.runtime.errors import NmtError, require

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


def candidates(search: Mapping[str, Any]) -> int:
    """Return how many candidates a search, as plain values, returns for each line."""
    return int(search.get("best", 1))


def check_candidates(search: Mapping[str, Any]) -> None:
    """Check that a search, as plain values, returns several candidates for each line.

    Raises:
        NmtError: if it returns one.
    """
    if "best" not in search:
        raise NmtError(
            f"{search['_target_']} returns one candidate per line, which leaves nothing to choose"
            " from; take search=beam_10, or search=sample search.best=10"
        )
    if candidates(search) == 1:
        raise NmtError("search.best=1 leaves nothing to choose from; expected 2 or more")
