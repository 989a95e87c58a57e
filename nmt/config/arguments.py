"""What a command was given, as the words that were meant: names of files and of runs' folders."""

from pathlib import Path

from omegaconf import ListConfig

from nmt.runtime.errors import ConfigurationError, NmtError


def name(value: object) -> str | None:
    """Give a file's name as text, also where it reads as a number; None where there is none."""
    return None if value is None else str(value)


def folders(names: object) -> list[str]:
    """Give the folders that `run=` names, be it one or a list.

    Raises:
        ConfigurationError: if it names none.
    """
    found = several(names)
    if not found:
        raise ConfigurationError("run=[] names no model; expected a run's folder, or several")
    return found


def several(names: object) -> list[str]:
    """Give the names of a list, or the one name that was written without brackets."""
    return [str(name) for name in (names if isinstance(names, ListConfig) else [names])]


def output(value: object) -> Path | None:
    """Give the file that `output=` names, if it does, after a look at whether it can be written.

    Raises:
        NmtError: if it is a folder, or its folder is not there; before the work and not after it.
    """
    if value is None:
        return None
    path = Path(str(value))
    if not path.parent.is_dir():
        raise NmtError(f"output={path}: the folder {path.parent} does not exist")
    if path.is_dir():
        raise NmtError(f"output={path} is a folder; expected a file's name")
    return path
