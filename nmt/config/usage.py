"""The text of `--help`: groups with their choices, keys with their defaults and comments."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from nmt.config.search_path import SearchPath

Key = tuple[str | int, ...]
"""The path to a value: names of nodes, and positions in lists."""

COLUMN = 44
"""Where comments begin, except behind longer lines."""

NOTES = (
    "With arguments beside it, --help shows their effect.",
    "configs=DIR also searches a folder of your own: DIR/model/cell/mine.yaml is model/cell=mine.",
)


def usage(call: str, path: SearchPath, defaults: Any, config: DictConfig) -> str:
    """Return the text of a command's `--help`.

    Args:
        call: how the command is called.
        path: where its configuration lies.
        defaults: of `path.defaults`.
        config: the configuration.
    """
    groups = []
    for group, choice in reversed(defaults.overrides.known_choices.items()):
        chosen = "" if choice is None else f" [{choice}]"
        if names := path.choices(group.partition("@")[0]):
            groups.append(f"  {group}: {', '.join(names)}{chosen}")
    comments: dict[Key, str] = {}
    description = ""
    for default in defaults.defaults:
        if not default.config_path.startswith("hydra/"):
            text = path.file(default.config_path).read_text("utf-8")
            description = "\n".join(header(text))
            package = tuple(filter(None, default.package.split(".")))
            comments |= {(*package, *key): comment for key, comment in _comments(text)}
    lines = [call, "", description]
    if groups:
        lines += ["", "Groups with their choices, in brackets the chosen one (GROUP=CHOICE):", ""]
        lines += groups
    lines += ["", "Keys with their values (KEY.KEY=VALUE):", ""]
    lines += [*_commented(OmegaConf.to_yaml(config), comments), "", *NOTES, ""]
    return "\n".join(lines)


def header(text: str) -> list[str]:
    """Return the lines of the comment with which a configuration begins."""
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return [line.removeprefix("#").strip() for line in lines if not line.startswith("# @package")]


def _comments(text: str) -> Iterator[tuple[Key, str]]:
    """Yield the comment on the line of each key, and the first line of the header for the root."""
    lines = text.splitlines()
    yield (), next(iter(header(text)), "")
    for key, line, column in _keys(yaml.compose(text, Loader=yaml.SafeLoader), ()):
        _, mark, comment = lines[line][column:].partition("#")
        if mark:
            yield key, comment.strip()


def _commented(text: str, comments: dict[Key, str]) -> Iterator[str]:
    """Yield the lines of a configuration with the comments of their keys."""
    keys = {line: key for key, line, _ in _keys(yaml.compose(text, Loader=yaml.SafeLoader), ())}
    for number, line in enumerate(text.splitlines()):
        comment = comments.get(keys.get(number, ()), "") if number in keys else ""
        yield f"{line:<{COLUMN}}  # {comment}" if comment else line


def _keys(node: yaml.Node | None, above: Key) -> Iterator[tuple[Key, int, int]]:
    """Yield each key with its line, and the column where it and a value on its line end."""
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _keys(item, (*above, position))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line
            end = value.end_mark if value.end_mark.line == line else key.end_mark
            yield (*above, key.value), line, end.column
            yield from _keys(value, (*above, key.value))
