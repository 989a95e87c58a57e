"""The arguments of a command: quoted where Hydra needs it, checked by name and by type."""

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf

from nmt.config import names
from nmt.config.instantiate import check_parameter
from nmt.config.search_path import SearchPath
from nmt.runtime.control_characters import SURROGATES
from nmt.runtime.errors import ConfigurationError, require
from nmt.runtime.package_files import STARTER

OPTIONAL = ("data.test", "experiment", "language_experiment")
"""Nodes that may be null: no test set, no experiment."""

MAX_INTEGER = 2**53
"""Magnitude of integers, up to which floating point numbers represent all of them."""

MAX_FLOAT = 1e30
"""Magnitude of finite numbers; products of larger ones overflow single precision."""

EXPECTED = {
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
}
"""For each type of a default a description of what may replace it, and the types that may."""


def keyed(arguments: Sequence[str], keys: Sequence[str], path: SearchPath) -> Iterator[str]:
    """Yield all arguments as KEY=VALUE.

    Args:
        arguments: of the command.
        keys: those that arguments without a key fill, in order: groups with the name of a choice,
            others with a file; the last one may end in `...` and take all files that remain.
        path: knows the groups.

    Raises:
        ConfigurationError: if an argument fills no key, or is not UTF-8.
    """
    waiting, several = list(keys), []
    for argument in arguments:
        if SURROGATES.search(argument):  # as which Python represents bytes that are not UTF-8
            raise ConfigurationError(f"{argument!r} is not UTF-8; give such a file another name")
        if "=" in argument or argument.startswith("~"):
            yield argument
        elif not waiting:
            raise ConfigurationError(
                f"{argument!r} is not understood; write KEY=VALUE, or --help for all keys"
            )
        elif path.choices(waiting[0]):
            yield f"{waiting.pop(0)}={argument}"
        elif waiting[0].endswith("..."):
            several.append(names.quote(_file(argument)))
        else:
            yield f"{waiting.pop(0)}={names.quote(_file(argument))}"
    if several:
        yield f"{waiting[0].removesuffix('...')}=[{','.join(several)}]"


def _file(argument: str) -> str:
    path = Path(argument)
    if not argument.startswith(STARTER) and (path.is_dir() or not path.exists()):
        raise ConfigurationError(
            f"{argument!r} is not understood: there is no such file; name one, write KEY=VALUE, or"
            " --help for all keys"
        )
    return argument


def parse(argument: str) -> Override:
    """Read KEY=VALUE, and quote the value if the shell has removed its quotes.

    Raises:
        ConfigurationError: if it cannot be read either way.
    """
    key, _, value = argument.partition("=")
    forms = [argument, f"{key}={names.quote(value)}"]
    if value.startswith("[") and value.endswith("]"):
        elements = ",".join(names.quote(element.strip()) for element in value[1:-1].split(","))
        forms.insert(1, f"{key}=[{elements}]")
    for form in forms:
        try:
            override = OverridesParser.create().parse_override(form)
        except (HydraException, ValueError):  # the latter of numbers of thousands of digits
            continue
        if not override.is_sweep_override() and (override.key_or_group or not adds(override)):
            return override
    raise ConfigurationError(f"{argument!r} is not understood; write KEY=VALUE")


def check_choice(path: SearchPath, override: Override) -> None:
    """Check that a group has the choice of an override.

    Raises:
        ConfigurationError: if it has not; names the nearest ones, and all.
    """
    group, value = override.key_or_group, override.value()
    if override.is_delete() or (value is None and group in OPTIONAL):
        return
    known, choice = path.choices(group), "null" if value is None else str(value)
    if choice not in known:
        raise ConfigurationError(
            f"{group}={choice}: there is no such choice{_nearest(choice, known)};"
            f" {group} is one of {', '.join(known)}"
        )


def check_key(path: SearchPath, override: Override, base: DictConfig) -> None:
    """Check that a configuration has the key of an override without `+`.

    Raises:
        ConfigurationError: if it has not; names the nearest keys and groups; or if it is a group's.
    """
    known, key = list(_keys(base)), override.key_or_group
    group, value = key.replace(".", "/"), override.value()
    if group != key and isinstance(value, str) and value in path.choices(group):
        raise ConfigurationError(f"{key}={value}: write {group}={value}, as it is a choice")
    moved = key.rpartition("_")[2]  # search, of the group search@validation_search
    of_group = moved != key and isinstance(value, str) and value in path.choices(moved)
    if of_group and isinstance(OmegaConf.select(base, key), DictConfig):
        choice = f"{moved}@{key}={value}"
        raise ConfigurationError(f"{key}={value}: write {choice}, as it is a choice")
    if key not in known and not adds(override):
        hint = _nearest(key, sorted({*known, *path.groups()}))
        raise ConfigurationError(f"{key or '(empty)'}: there is no such key{hint}; see --help")


def check_added(override: Override, base: DictConfig, composed: DictConfig) -> None:
    """Check that something reads what an override adds with `+`, a value or a choice.

    That is a constructor, an interpolation, or a node that holds parts under any names.

    Raises:
        ConfigurationError: if nothing does; names the nearest keys.
    """
    key, known = override.package or override.key_or_group.replace("/", "."), list(_keys(base))
    # A choice whose file names another package, as _global_, adds nothing under this key.
    if not adds(override) or key in known or key not in _keys(composed):
        return
    parts = key.split(".")
    depth = max(n for n in range(len(parts)) if n == 0 or ".".join(parts[:n]) in known)
    path = ".".join(parts[:depth])
    owner = OmegaConf.select(composed, path) if depth else composed
    if "_target_" in owner:
        check_parameter(parts[depth], key, owner["_target_"])
    elif not _holds_parts(base, path) and not re.search(
        rf"\$\{{{re.escape(key)}[.}}]", OmegaConf.to_yaml(composed)
    ):
        raise ConfigurationError(f"+{key}: nothing reads such a key{_nearest(key, known)}")


def _holds_parts(base: DictConfig, path: str) -> bool:
    """Return whether a node has no values of its own, as `metrics`, and one without keys."""
    node = OmegaConf.select(base, path) if path else base
    if node is None:  # as data.test, which is optional
        return True
    parts = [node._get_node(key) for key in node] if isinstance(node, DictConfig) else [node]
    return all(isinstance(part, DictConfig) for part in parts)


def adds(override: Override) -> bool:
    """Return whether an override begins with `+` or `++`."""
    return bool(override.is_add() or override.is_force_add())


def convert(override: Override, base: DictConfig, composed: DictConfig) -> None:
    """Convert a value in `composed` to the type of the default in `base` that it replaces.

    Raises:
        ConfigurationError: if it cannot replace the default.
    """
    key = override.key_or_group
    default, value = OmegaConf.select(base, key), OmegaConf.select(composed, key)
    if override.is_delete() or (value is None and key in OPTIONAL):
        return
    if isinstance(default, str) and isinstance(value, bool | int | float):
        OmegaConf.update(composed, key, str(override.input_line).partition("=")[2].strip("'"))
    elif type(default) is float and type(value) is int:
        OmegaConf.update(composed, key, float(value))
    elif isinstance(default, ListConfig) and not isinstance(value, ListConfig):
        OmegaConf.update(composed, key, [value])
    else:
        _check_type(key, default, value)


def _check_type(key: str, default: Any, value: Any) -> None:
    if isinstance(default, DictConfig):
        require(isinstance(value, DictConfig), key, _shown(value), "keys below it, or a choice")
    if isinstance(default, str):
        listed = isinstance(value, ListConfig) and names.is_name(key)
        require(isinstance(value, str) or listed, key, _shown(value), "text")
    if type(default) in EXPECTED and value is not None:
        description, types = EXPECTED[type(default)]
        require(type(value) in types, key, _shown(value), description)


def check_numbers(key: str, value: Any) -> None:
    """Check that all numbers of a value are ones that can be computed with.

    Args:
        key: of the value, for messages.
        value: plain dicts, lists, numbers and text.

    Raises:
        ConfigurationError: if one is not a number, or too large; names its key.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            check_numbers(f"{key}.{name}".strip("."), inner)
    elif isinstance(value, list):
        for inner in value:
            check_numbers(key, inner)
    elif type(value) is int:
        require(abs(value) <= MAX_INTEGER, key, shortened(value), f"at most {MAX_INTEGER}")
    elif type(value) is float:
        fits = math.isinf(value) or abs(value) <= MAX_FLOAT
        require(fits, key, value, f"a number, its magnitude at most {MAX_FLOAT:g}")


def shortened(value: object) -> str:
    """Return a value as text of few characters."""
    # Python writes no integers of more than 4,300 digits, except in hexadecimal.
    text = hex(value) if isinstance(value, int) and abs(value) > 10**60 else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _shown(value: object) -> object:
    return "null" if value is None else value


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f" (nearest: {', '.join(near)})" if near else ""


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    """Yield the keys of a node and of all nodes below, those of interpolated nodes too."""
    for key in node:
        name = prefix + str(key)
        yield name
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            if not child._is_interpolation():
                yield from _keys(child, f"{name}.")
            elif isinstance(target := OmegaConf.select(node, str(key)), DictConfig):
                yield from _keys(target, f"{name}.")
