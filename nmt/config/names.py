"""Keys that name files and folders: what was typed is the name, also where it reads as a number."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf

from nmt.runtime.errors import ConfigurationError, require

RUNS = ("contrast", "evaluate", "gradients", "plot", "rerank", "translate")
"""Commands that read several runs."""

NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("run", "*.run"), RUNS),
    **dict.fromkeys(("hypotheses", "against", "wrong"), ("*",)),
    **dict.fromkeys(("data.*.source", "data.*.target", "data.*.paths"), ("*",)),
    "input": ("plot",),
    "target": ("evaluate",),
    **dict.fromkeys(("output", "source", "right", "groups", "prepared", "initial", "table"), ()),
    **dict.fromkeys(("folder", "*.folder", "language_run", "weights", "pieces", "configs"), ()),
}
"""Patterns of keys that name files or folders, and the commands where they take several names."""

MAX_BYTES = 255
"""Of a name in a folder, in all usual file systems."""

ELEMENT = re.compile(r"""(?<=[\[,])\s*([^\s\[\],'"{}\\][^\[\],'"{}\\]*?)\s*(?=[\],])""")
"""An element of a list that has neither quotes nor escapes nor interpolations."""


def _pattern(key: str) -> str | None:
    return next((pattern for pattern in NAMES if fnmatchcase(key, pattern)), None)


def is_name(key: str) -> bool:
    """Return whether a key names a file or folder, or several."""
    return _pattern(key) is not None


def quote(value: str) -> str:
    """Return a value in quotes, which Hydra reads as that text."""
    # Hydra reads backslashes as they are, except before a quote.
    escaped = re.sub(r"(\\*)('|$)", lambda match: match[1] * 2 + "\\'" * len(match[2]), value)
    return "'" + escaped.replace("${", "\\${") + "'"


def exact(override: Override, base: DictConfig) -> Override:
    """Return an override with the names as they were typed, if its key names files or folders.

    Args:
        override: as Hydra reads it, numbers and truth values converted.
        base: the configuration without it.
    """
    key, line = override.key_or_group, str(override.input_line)
    default = OmegaConf.select(base, key) if key in _known(base) else None
    if not is_name(key) or isinstance(default, int | float) or override.is_delete():
        return override
    left, _, value = line.partition("=")
    if value[:1] == "[":
        value = ELEMENT.sub(lambda match: quote(match[1]), value)
    elif value != "null" and value[:1] not in ("'", '"', "{") and "${" not in value:
        value = quote(value)
    try:
        return OverridesParser.create().parse_override(f"{left}={value}")
    except HydraException:
        return override


def _known(node: DictConfig) -> set[str]:
    return {key for key, _, _ in _named(node)}


def normalize(command: str, config: DictConfig) -> None:
    """Expand `~/` in the names of files and folders, and check how many and how long they are.

    Args:
        command: decides which keys take several names.
        config: of the command; changed in place.

    Raises:
        ConfigurationError: if a value is no name; names its key.
    """
    for key, node, last in _named(config):
        child = node._get_node(last)
        pattern = _pattern(key)
        if pattern is None or child is None or child._is_none() or child._is_missing():
            continue
        if child._is_interpolation() or (value := node[last]) is None:
            continue
        several = {"*", command} & set(NAMES[pattern]) and not fnmatchcase(key, "*.run")
        if isinstance(value, ListConfig) and not several:
            require(len(value) == 1, key, list(value), "one name")
            value = value[0]
        nested = isinstance(value, ListConfig) and (not several or any(map(_is_list, value)))
        require(not nested or key == "against", key, value, "no list in a list")
        plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        # Where a sentence may stand, it may be longer than a name.
        longest = None if (command, key) == ("plot", "input") else MAX_BYTES
        node[last] = _name(key, plain, longest)


def _name(key: str, value: Any, longest: int | None) -> Any:
    if isinstance(value, list):
        return [_name(key, element, longest) for element in value]
    if isinstance(value, bool | int | float):
        return value
    require(isinstance(value, str), key, value, "a name")
    if "${" in value:
        return value
    if longest is not None:
        parts = os.fsencode(value).split(b"/")
        holds = b"\0" not in os.fsencode(value) and max(map(len, parts)) <= longest
        if not holds:
            raise ConfigurationError(
                f"{key}={value[:60]}{'…' * (len(value) > 60)}: expected a name of at most"
                f" {longest} bytes between slashes, and no NUL"
            )
    return expanded(value)


def _is_list(value: object) -> bool:
    return isinstance(value, ListConfig)


def expanded(name: str) -> str:
    """Return a name with the user's home folder for a `~` at its beginning, as shells do."""
    return os.path.expanduser(name) if name == "~" or name.startswith("~/") else name  # noqa: PTH111


def _named(node: DictConfig, prefix: str = "") -> Iterator[tuple[str, DictConfig, str]]:
    """Yield the path of each key, the node that holds it, and its name."""
    for key in list(node):
        child: Any = node._get_node(key)
        yield f"{prefix}{key}", node, str(key)
        if isinstance(child, DictConfig) and not (
            child._is_none() or child._is_missing() or child._is_interpolation()
        ):
            yield from _named(child, f"{prefix}{key}.")
