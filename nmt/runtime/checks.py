"""Range checks of configuration values, with one wording for all messages.

For values that may be text, which Python would compare with a number by a traceback.
"""

import math

from nmt.runtime.errors import require


def at_least(key: str, value: object, minimum: int) -> None:
    """Check that a value is a number, `minimum` or more.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    holds = isinstance(value, int | float) and value >= minimum
    require(holds, key, value, f"a number, {minimum} or more")


def above(key: str, value: object, bound: int) -> None:
    """Check that a value is a number above `bound`.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    holds = isinstance(value, int | float) and value > bound
    require(holds, key, value, f"a number above {bound}")


def fraction(key: str, value: object) -> None:
    """Check that a value is a number from 0 to 1.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    holds = isinstance(value, int | float) and 0 <= value <= 1
    require(holds, key, value, "a number from 0 to 1")


def finite(key: str, value: object) -> None:
    """Check that a value is a finite number.

    Raises:
        ConfigurationError: naming key and value.
    """
    holds = type(value) in (int, float) and math.isfinite(float(str(value)))
    require(holds, key, value, "a finite number")


def integer(key: str, value: object, minimum: int) -> None:
    """Check that a value is an integer, `minimum` or more.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    holds = type(value) is int and value >= minimum
    require(holds, key, value, f"a whole number, {minimum} or more")


def seed(key: str, value: object) -> None:
    """Check that a value seeds every random generator: an integer, 0 to 2**32 - 1.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    holds = type(value) is int and 0 <= value < 2**32
    require(holds, key, value, f"0 to {2**32 - 1}")
