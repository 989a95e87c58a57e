"""Refuses numbers of the configuration that are out of range, all in the same words."""

from nmt.errors import ConfigurationError


def at_least(key: str, value: object, least: int) -> None:
    """Refuse what is no number, or a smaller one.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    if not isinstance(value, int | float) or not value >= least:
        raise ConfigurationError(f"{key}={value}: expected a number, {least} or more")


def above(key: str, value: object, bound: int) -> None:
    """Refuse what is no number, or the bound itself, or a smaller one.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    if not isinstance(value, int | float) or not value > bound:
        raise ConfigurationError(f"{key}={value}: expected a number above {bound}")


def share(key: str, value: object) -> None:
    """Refuse what is no number from 0 to 1.

    Raises:
        ConfigurationError: naming key, value and range.
    """
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigurationError(f"{key}={value}: expected a number from 0 to 1")
