"""From what was typed to a configuration: words, overrides, and one clear line when they are off.

A command composes `conf/<name>.yaml` itself (Hydra's compose API) instead of being run by Hydra,
which would create folders, log to stdout, refuse umlauts and not name the keys there are.
"""

import difflib
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nmt.errors import ConfigurationError, NmtError
from nmt.resources import folder

log = logging.getLogger(__name__)


def run(name: str, command: Callable[[DictConfig], None], words: tuple[str, ...] = ()) -> int:
    """Compose `conf/<name>.yaml` with the command line, run the command, and give its exit status.

    Args:
        name: the command's and its configuration's name.
        command: is given the composed configuration.
        words: the keys that plain words before the overrides fill, in order.

    Returns:
        0; 2 after an error that the user can mend; 130 after Ctrl-C; 141 when the reader of stdout
        went away.
    """
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO, force=True)
    logging.getLogger("hydra").setLevel(logging.CRITICAL)  # what it logs, it raises as well
    try:
        if {"-h", "--help"} & set(sys.argv[1:]):
            sys.stdout.write(usage(name, command, words))
        else:
            command(configuration(name, sys.argv[1:], words))
        sys.stdout.flush()
    except NmtError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OmegaConfBaseException as error:
        sys.stderr.write(f"error: {_explain(error)}\n")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return 0


def configuration(name: str, arguments: Sequence[str], words: Sequence[str]) -> DictConfig:
    """Compose a command's configuration.

    Raises:
        ConfigurationError: if a word, key, value or choice is not one; names the nearest.
    """
    root = folder("conf")
    OmegaConf.register_new_resolver("folder", lambda name: str(folder(name)), replace=True)
    overrides = [_quoted(argument) for argument in _named(arguments, words)]
    with initialize_config_dir(config_dir=str(root), version_base="1.3"):
        try:
            return compose(config_name=name, overrides=overrides)
        except (HydraException, OmegaConfBaseException) as error:
            parsed = [OverridesParser.create().parse_override(text) for text in overrides]
            for override in parsed:
                _check_choice(root, override)
            groups = [text for text, o in zip(overrides, parsed, strict=True) if _group(root, o)]
            known = list(_keys(compose(config_name=name, overrides=groups)))
            for override in parsed:
                _check_key(root, override, known)
            raise ConfigurationError(" ".join(str(error).split())) from error


def usage(name: str, command: Callable[[DictConfig], None], words: Sequence[str]) -> str:
    """Say what the command does, its groups with their choices, and all its keys."""
    root = folder("conf")
    composed = configuration(name, [], words)
    groups = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir())
    own = [group for group in groups if group.split("/")[0] in composed or group == "experiment"]
    typed = "".join(f" {word.upper()}" for word in words)
    lines = [f"python -m nmt.{name}{typed} [KEY=VALUE ...]", "", (command.__doc__ or "").strip()]
    if own:
        lines += ["", "Groups, each with its choices (GROUP=CHOICE):"]
        lines += [f"  {group}: {', '.join(_choices(root, group))}" for group in own]
    lines += ["", "Keys with their defaults (KEY.KEY=VALUE):", "", OmegaConf.to_yaml(composed)]
    return "\n".join(lines)


def _named(arguments: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    waiting = list(words)
    for argument in arguments:
        if "=" in argument or argument.startswith("~"):
            yield argument
        elif waiting:
            yield f"{waiting.pop(0)}={argument}"
        else:
            raise ConfigurationError(
                f"{argument!r} is not understood; write KEY=VALUE, or --help for all keys"
            )


def _quoted(argument: str) -> str:
    """Quote what the user's shell took the quotes of, where Hydra would read it as syntax."""
    if _parses(argument):
        return argument
    key, _, value = argument.partition("=")
    if value.startswith("[") and value.endswith("]"):
        elements = ",".join(_quote(element.strip()) for element in value[1:-1].split(","))
        listed = f"{key}=[{elements}]"
        if _parses(listed):
            return listed
    quoted = f"{key}={_quote(value)}"
    if not _parses(quoted):
        raise ConfigurationError(f"{argument!r} is not understood; write KEY=VALUE")
    return quoted


def _quote(value: str) -> str:
    # Hydra reads backslashes as they are, except before a quote.
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + "\\'" * len(found[2]), value)
    return "'" + escaped.replace("${", "\\${") + "'"


def _parses(argument: str) -> bool:
    try:
        return not OverridesParser.create().parse_override(argument).is_sweep_override()
    except HydraException:
        return False


def _group(root: Path, override: Override) -> bool:
    return (root / override.key_or_group).is_dir()


def _choices(root: Path, group: str) -> list[str]:
    return sorted(path.stem for path in (root / group).glob("[!_]*.yaml"))


def _check_choice(root: Path, override: Override) -> None:
    if not _group(root, override) or override.is_delete():
        return
    group, choices = override.key_or_group, _choices(root, override.key_or_group)
    choice = str(override.value())
    if override.value() is not None and choice not in choices:
        raise ConfigurationError(
            f"{group}={choice}: there is no such choice{_nearest(choice, choices)};"
            f" {group} is one of {', '.join(choices)}"
        )


def _check_key(root: Path, override: Override, known: list[str]) -> None:
    if _group(root, override) or override.is_add() or override.is_force_add():
        return
    key = override.key_or_group
    if key not in known:
        groups = [path.name for path in root.iterdir() if path.is_dir()]
        hint = _nearest(key, sorted({*known, *groups}))
        raise ConfigurationError(f"{key}: there is no such key{hint}; --help shows all of them")


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f" (nearest: {', '.join(near)})" if near else ""


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in node:
        name = prefix + str(key)
        yield name
        if not OmegaConf.is_missing(node, key) and OmegaConf.is_dict(node._get_node(key)):
            child = node._get_node(key)
            if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
                yield from _keys(child, f"{name}.")


def _explain(error: OmegaConfBaseException) -> str:
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key} is not set; give {error.full_key}=VALUE on the command line"
    return " ".join(str(error).split())
