"""Refuses values of the configuration that are no number, or one out of range, in the same words.

Used where a value may come as a word, which Python would compare with a number by a traceback.
"""

import math

from nmt.runtime.errors import require


def at_least(key: str, value: object, least: int) -> None:
    """Refuse a smaller number.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    held = isinstance(value, int | float) and value >= least
    require(held, key, value, f"a number, {least} or more")


def above(key: str, value: object, bound: int) -> None:
    """Refuse the bound itself and smaller numbers.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    held = isinstance(value, int | float) and value > bound
    require(held, key, value, f"a number above {bound}")


def share(key: str, value: object) -> None:
    """Refuse what is not from 0 to 1.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    held = isinstance(value, int | float) and 0 <= value <= 1
    require(held, key, value, "a number from 0 to 1")


def finite(key: str, value: object) -> None:
    """Refuse what is no number, or none that can be counted with.

    Raises:
        ConfigurationError: naming key and value.
    """
    held = type(value) in (int, float) and math.isfinite(float(str(value)))
    require(held, key, value, "a finite number")


def whole(key: str, value: object, least: int) -> None:
    """Refuse what is no whole number, and smaller ones.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    held = type(value) is int and value >= least
    require(held, key, value, f"a whole number, {least} or more")


def seed(key: str, value: object) -> None:
    """Refuse what not every generator of random numbers begins with.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    held = type(value) is int and 0 <= value < 2**32
    require(held, key, value, f"0 to {2**32 - 1}")
