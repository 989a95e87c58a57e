"""What a command was given, as the words that were meant: names of files and of runs' folders."""

from omegaconf import ListConfig

from nmt.errors import ConfigurationError


def name(value: object) -> str | None:
    """Give a file's name as text, also where it reads as a number; None where there is none."""
    return None if value is None else str(value)


def folders(names: object) -> list[str]:
    """Give the folders that `run=` names, be it one or a list.

    Raises:
        ConfigurationError: if it names none.
    """
    several = list(names) if isinstance(names, ListConfig) else [names]
    if not several:
        raise ConfigurationError("run=[] names no model; expected a run's folder, or several")
    return [str(one) for one in several]
