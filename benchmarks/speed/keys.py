"""Words of a command line: those that a verb knows, and those that are the program's own."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

Keys = TypeVar("Keys")


def parse(kind: type[Keys], words: Sequence[str]) -> tuple[Keys, list[str]]:
    """Make a verb's keys of its words; all others are given back as overrides for `nmt`.

    Args:
        kind: a dataclass whose fields are strings, numbers or tuples of strings, all with defaults.
        words: KEY=VALUE each.
    """
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known: dict[str, Any] = {}
    rest: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            sys.exit(f"{word!r} is no KEY=VALUE")
        if name not in defaults:
            rest.append(word)
            continue
        try:
            known[name] = _value(defaults[name], value)
        except ValueError:
            sys.exit(f"{word}: expected a value like {defaults[name]!r}")
    return kind(**known), rest


def _value(default: Any, text: str) -> Any:
    """Read a value of the default's type; tuples are parted at commas."""
    if isinstance(default, tuple):
        return tuple(type(default[0])(part.strip()) for part in text.split(",") if part.strip())
    return type(default)(text)


def help_of(kind: type) -> str:
    """List the keys with their defaults."""
    defaults = ((field.name, field.default) for field in dataclasses.fields(kind))
    return " ".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in defaults
    )
