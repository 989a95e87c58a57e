"""What was typed after a command's name: quoted where Hydra needs it, checked by name and type."""

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf

from nmt.runtime.control_characters import SURROGATES
from nmt.runtime.errors import ConfigurationError

OPTIONAL = ("data.test", "experiment", "language_experiment")
"""Nodes that may be null: no test set, no experiment."""

EXPECTED = {
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
}
"""For each type of a default what is expected in its place, and the types that are."""


def named(arguments: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Give all arguments as KEY=VALUE; plain words fill the keys `words`, in order.

    Raises:
        ConfigurationError: if there are more words than keys for them, or one is no UTF-8.
    """
    waiting = list(words)
    for argument in arguments:
        if SURROGATES.search(argument):  # as which Python gives bytes that are no text
            raise ConfigurationError(f"{argument!r} is not UTF-8; give such a file another name")
        if "=" in argument or argument.startswith("~"):
            yield argument
        elif waiting:
            yield f"{waiting.pop(0)}={argument}"
        else:
            raise ConfigurationError(
                f"{argument!r} is not understood; write KEY=VALUE, or --help for all keys"
            )


def parse(argument: str) -> Override:
    """Read KEY=VALUE, quoting what the user's shell took the quotes of.

    Raises:
        ConfigurationError: if it cannot be read either way.
    """
    key, _, value = argument.partition("=")
    forms = [argument, f"{key}={_quote(value)}"]
    if value.startswith("[") and value.endswith("]"):
        elements = ",".join(_quote(element.strip()) for element in value[1:-1].split(","))
        forms.insert(1, f"{key}=[{elements}]")
    for form in forms:
        try:
            override = OverridesParser.create().parse_override(form)
        except (HydraException, ValueError):  # the latter of numbers of thousands of digits
            continue
        added = override.is_add() or override.is_force_add()
        if not override.is_sweep_override() and (override.key_or_group or not added):
            return override
    raise ConfigurationError(f"{argument!r} is not understood; write KEY=VALUE")


def _quote(value: str) -> str:
    # Hydra reads backslashes as they are, except before a quote.
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + "\\'" * len(found[2]), value)
    return "'" + escaped.replace("${", "\\${") + "'"


def chooses(root: Path, override: Override) -> bool:
    """Tell whether it names a group, whose value is a choice; `root` is the folder of groups."""
    return override.key_or_group != "" and (root / override.key_or_group).is_dir()


def choices(root: Path, group: str) -> list[str]:
    """Give the names of a group's choices."""
    return sorted(path.stem for path in (root / group).glob("[!_]*.yaml"))


def check_choice(root: Path, override: Override) -> None:
    """Refuse what is no choice of the group that it names, with the nearest ones."""
    if not chooses(root, override) or override.is_delete():
        return
    group, value = override.key_or_group, override.value()
    if value is None and group in OPTIONAL:
        return
    known, choice = choices(root, group), "null" if value is None else str(value)
    if choice not in known:
        raise ConfigurationError(
            f"{group}={choice}: there is no such choice{_nearest(choice, known)};"
            f" {group} is one of {', '.join(known)}"
        )


def check_key(root: Path, override: Override, base: DictConfig) -> None:
    """Refuse a key that the configuration `base` does not have, with the nearest ones."""
    known, key = list(_keys(base)), override.key_or_group
    if key not in known:
        groups = [path.name for path in root.iterdir() if path.is_dir()]
        hint = _nearest(key, sorted({*known, *groups}))
        raise ConfigurationError(f"{key or '(empty)'}: there is no such key{hint}; see --help")


def fit(override: Override, base: DictConfig, composed: DictConfig) -> None:
    """Hold a value in `composed` against the default in `base`: its type, or what can become it.

    Raises:
        ConfigurationError: if the value cannot stand in the default's place.
    """
    key = override.key_or_group
    default, value = OmegaConf.select(base, key), OmegaConf.select(composed, key)
    if value is None and key in OPTIONAL:
        return
    if isinstance(default, str) and isinstance(value, bool | int | float):
        OmegaConf.update(composed, key, str(override.input_line).partition("=")[2].strip("'"))
    elif type(default) is float and type(value) is int:
        OmegaConf.update(composed, key, float(value))
    elif isinstance(default, ListConfig) and not isinstance(value, ListConfig):
        OmegaConf.update(composed, key, [value])
    else:
        _check_kind(key, default, value)


def _check_kind(key: str, default: Any, value: Any) -> None:
    if isinstance(default, DictConfig) and not isinstance(value, DictConfig):
        _refuse(key, value, "keys below it, or a choice")
    if isinstance(default, str) and value is None:
        _refuse(key, value, "text")
    if type(default) in EXPECTED and value is not None:
        words, types = EXPECTED[type(default)]
        if type(value) not in types:
            _refuse(key, value, words)


def _refuse(key: str, value: Any, expected: str) -> NoReturn:
    raise ConfigurationError(f"{key}={'null' if value is None else value}: expected {expected}")


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f" (nearest: {', '.join(near)})" if near else ""


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in node:
        name = prefix + str(key)
        yield name
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
            if not child._is_interpolation():
                yield from _keys(child, f"{name}.")
            elif isinstance(found := OmegaConf.select(node, str(key)), DictConfig):
                yield from _keys(found, f"{name}.")
