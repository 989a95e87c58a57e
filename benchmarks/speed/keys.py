"""Arguments of a measurement: its own keys, and overrides of the commands that it measures."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

Keys = TypeVar("Keys")


def parse(kind: type[Keys], arguments: Sequence[str]) -> tuple[Keys, list[str]]:
    """Return a measurement's keys, and all other arguments, which are overrides of `nmt`.

    Args:
        kind: a dataclass whose fields are strings, numbers or tuples, all with defaults.
        arguments: KEY=VALUE each.
    """
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known: dict[str, Any] = {}
    rest: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            sys.exit(f"{argument!r} is not KEY=VALUE")
        if name not in defaults:
            rest.append(argument)
            continue
        try:
            known[name] = _value(defaults[name], value)
        except ValueError:
            sys.exit(f"{argument}: expected a value like {defaults[name]!r}")
    return kind(**known), rest


def _value(default: Any, text: str) -> Any:
    """Parse a value of the default's type; tuples are separated by commas."""
    if isinstance(default, tuple):
        return tuple(type(default[0])(part.strip()) for part in text.split(",") if part.strip())
    return type(default)(text)


def help_of(kind: type) -> str:
    """Return the keys with their defaults."""
    defaults = ((field.name, field.default) for field in dataclasses.fields(kind))
    return " ".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in defaults
    )
