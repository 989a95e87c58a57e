"""Arguments of the Python API: lines, folders and parts, checked where they are given."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.runtime.errors import ArgumentError

LINES = "a line as str, or several as an iterable of str"


def lines(given: object) -> Iterator[str]:
    """Return an iterator over lines; a single str is one line.

    Raises:
        ArgumentError: now, if nothing can be read line by line, and later for a line that is no
            str; names the line.
    """
    if isinstance(given, str):
        return iter([given])
    if isinstance(given, bytes | bytearray) or not isinstance(given, Iterable):
        raise ArgumentError(f"lines={_shown(given)}: expected {LINES}{_advice(given)}")
    return _checked(given)


def _checked(given: Iterable[object]) -> Iterator[str]:
    for number, line in enumerate(given, start=1):
        yield text(f"line {number}", line)


def text(name: str, given: object) -> str:
    """Return a text that is given.

    Raises:
        ArgumentError: if it is no str.
    """
    if not isinstance(given, str):
        raise ArgumentError(f"{name} is {_shown(given)}: expected a str{_advice(given)}")
    return given


def folders(given: object) -> list[Path]:
    """Return one folder or several as a list.

    Raises:
        ArgumentError: if it is neither.
    """
    several = [given] if isinstance(given, str | Path) else given
    if not isinstance(several, Sequence) or not all(isinstance(one, str | Path) for one in several):
        raise ArgumentError(f"runs={_shown(given)}: expected a run's folder, or a list of several")
    return [Path(one) for one in several]


def packages(given: object) -> list[str]:
    """Return the names of one package or of several as a list.

    Raises:
        ArgumentError: if it is neither.
    """
    several = [given] if isinstance(given, str) else given
    if not isinstance(several, Iterable) or not all(isinstance(one, str) for one in several):
        raise ArgumentError(f"trust={_shown(given)}: expected names of packages")
    return list(several)


def part(group: str, given: object, contract: type[Any]) -> Any:
    """Return a part of a translator: as it is given, or by its name in `conf/GROUP`.

    Args:
        group: of the configuration of `nmt translate`.
        given: an object, a name, or None for what the command takes by default.
        contract: which an object must fulfil.

    Raises:
        ConfigurationError: if there is no such name; names the nearest.
        ArgumentError: if it is neither a name nor such an object.
    """
    if given is None or isinstance(given, str):
        chosen = [] if given is None else [f"{group}={given}"]
        return instantiate(configuration("translate", chosen)[group])
    if isinstance(given, type) or not isinstance(given, contract):
        raise ArgumentError(
            f"{group}={_shown(given)}: expected a name in conf/{group}, or a"
            f" {contract.__module__}.{contract.__name__}"
        )
    return given


def _shown(given: object) -> str:
    value = repr(given)
    return f"{value[:40]}… ({type(given).__name__})" if len(value) > 40 else value


def _advice(given: object) -> str:
    if isinstance(given, bytes | bytearray):
        return "; decode it: .decode('utf-8')"
    return "; read its lines first" if isinstance(given, Path) else ""
