"""The hidden size that gives a network a certain number of weights."""

from collections.abc import Callable

from nmt.runtime.errors import require

TOLERANCE = 0.02
"""Largest relative difference from the target."""


def nearest_size(weights: int, count: Callable[[int], int], name: str) -> int:
    """Return the hidden size whose network comes closest to a number of weights.

    Args:
        weights: target.
        count: returns the number of weights for a hidden size, and increases with it.
        name: of the cell, for the message.

    Raises:
        ConfigurationError: if the difference exceeds TOLERANCE.
    """
    least, most = 1, 2
    while count(most) < weights:
        least, most = most, 2 * most
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if count(middle) < weights else (least, middle)
    size = min((least, most), key=lambda size: abs(count(size) - weights))
    require(
        abs(count(size) - weights) <= TOLERANCE * weights,
        "weights",
        weights,
        f"a number that {name} can have within 2 %; its nearest is {count(size)}, with a hidden"
        f" size of {size}",
    )
    return size
