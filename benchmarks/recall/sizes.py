"""Which hidden size gives a network a wanted number of weights?"""

from collections.abc import Callable

from nmt.runtime.errors import require

TOLERANCE = 0.02  # of the wanted number, either way


def nearest(weights: int, count: Callable[[int], int], name: str) -> int:
    """Find the hidden size whose network's number of weights is nearest.

    Args:
        weights: wanted.
        count: gives the number of weights that a hidden size makes; it grows.
        name: of the cell, for the message.

    Raises:
        ConfigurationError: if the nearest is farther off than TOLERANCE.
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
