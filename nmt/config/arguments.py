"""Values of a configuration that name files and folders."""

from pathlib import Path
from typing import Any

from omegaconf import ListConfig

from nmt.runtime.errors import ConfigurationError, NmtError, require


def name(value: object) -> str | None:
    """Return the name of a file as text, also one that YAML reads as a number; None for null."""
    return None if value is None else str(value)


def folders(names: object) -> list[str]:
    """Return the folders that `run=` names, one or a list.

    Raises:
        ConfigurationError: if it names none.
    """
    listed = several(names)
    if not listed:
        raise ConfigurationError("run=[] names no model; expected a run's folder, or several")
    return listed


def folder(names: object, key: str = "run") -> Path:
    """Return the one folder that a key names, also in brackets.

    Raises:
        ConfigurationError: if it names several, or none.
    """
    listed = several(names)
    require(len(listed) == 1, key, f"[{','.join(listed)}]", "one name")
    return Path(listed[0])


def several(names: object) -> list[str]:
    """Return the names of a list, or the one name that was given without brackets."""
    return list(map(str, values(names)))


def values(value: object) -> list[Any]:
    """Return the elements of a list, or the one value that was given without brackets."""
    return list(value) if isinstance(value, ListConfig) else [value]


def output(value: object, key: str = "output") -> Path | None:
    """Return the file that a key names, None for null, after checking that it can be written.

    Raises:
        NmtError: if it is a folder, or its folder does not exist; before the work, not after it.
    """
    if value is None:
        return None
    path = Path(str(value))
    if not path.parent.is_dir():
        raise NmtError(f"{key}={path}: the folder {path.parent} does not exist")
    if path.is_dir():
        raise NmtError(f"{key}={path} is a folder; expected a file's name")
    return path
