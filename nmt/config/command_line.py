"""From what was typed to a configuration: words, overrides, and one clear line when they are off.

A command composes `conf/<name>.yaml` itself (Hydra's compose API) instead of being run by Hydra,
which would create folders, log to stdout, refuse umlauts and not name the keys there are.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nmt.config import overrides
from nmt.runtime import allocator
from nmt.runtime.control_characters import cleaned
from nmt.runtime.errors import ConfigurationError, LostProcessError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory
from nmt.runtime.package_files import folder
from nmt.runtime.signals import Terminated, raise_on_sigterm

SHORTAGE = (
    "out of memory; close other programs, or lower batches.budget, text_batching.budget,"
    " validation_budget or windows.pieces, whichever of them --help names"
)

log = logging.getLogger(__name__)


def run(name: str, command: Callable[[DictConfig], None], words: tuple[str, ...] = ()) -> int:
    """Compose `conf/<name>.yaml` with the command line, run the command, and give its exit status.

    Args:
        name: the command's and its configuration's name.
        command: is given the composed configuration.
        words: the keys that plain words before the overrides fill, in order.

    Returns:
        0; 2 after an error that the user can mend; 130 after Ctrl-C and 143 after SIGTERM, which
        leave nothing half written; 141 when the reader of stdout went away.
    """
    # Where the shell closed a stream, there is nothing to read, and nobody who reads.
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO, force=True)
    logging.getLogger("hydra").setLevel(logging.CRITICAL)  # what it logs, it raises as well
    allocator.limit_kernel_caches()
    try:
        with raise_on_sigterm():
            _run(name, command, words)
    except NmtError as error:
        return _refused(error)
    except Terminated:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    else:
        return 0
    # Only here is the error gone, and with it the frames that hold the memory.
    return _refused(NmtError(SHORTAGE))


def _run(name: str, command: Callable[[DictConfig], None], words: tuple[str, ...]) -> None:
    try:
        if {"-h", "--help"} & set(sys.argv[1:]):
            sys.stdout.write(usage(name, command, words))
        else:
            command(configuration(name, sys.argv[1:], words))
        sys.stdout.flush()
    except OmegaConfBaseException as error:
        raise ConfigurationError(_explain(error)) from error


def _refused(error: NmtError) -> int:
    if isinstance(error, LostProcessError) and os.environ.get("RANK", "0") != "0":
        return 2
    # A message may hold anything that a file or a shell does; and nobody may be there to read it.
    with suppress(OSError):
        sys.stderr.write(f"error: {cleaned(str(error))}\n")
        sys.stderr.flush()
    return 2


def configuration(name: str, arguments: Sequence[str], words: Sequence[str]) -> DictConfig:
    """Compose a command's configuration.

    Raises:
        ConfigurationError: if a word, key, value or choice is not one; names the nearest.
    """
    root = folder("conf")
    OmegaConf.register_new_resolver("folder", lambda name: str(folder(name)), replace=True)
    typed = [overrides.parse(argument) for argument in overrides.named(arguments, words)]
    for override in typed:
        overrides.check_choice(root, override)
    with initialize_config_dir(config_dir=str(root), version_base="1.3"):
        groups = [override for override in typed if overrides.chooses(root, override)]
        base = _composed(name, groups)
        changed = [override for override in typed if override not in groups]
        for override in changed:
            if not (override.is_add() or override.is_force_add()):
                overrides.check_key(root, override, base)
        composed = _composed(name, typed) if changed else base
    for override in changed:
        if not override.is_delete():
            overrides.fit(override, base, composed)
    return composed


def _composed(name: str, typed: Sequence[Override]) -> DictConfig:
    try:
        return compose(config_name=name, overrides=[one.input_line or "" for one in typed])
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise ConfigurationError(" ".join(str(error).split())) from error


def usage(name: str, command: Callable[[DictConfig], None], words: Sequence[str]) -> str:
    """Say what the command does, its groups with their choices, and all its keys."""
    root = folder("conf")
    composed = configuration(name, [], words)
    mounted = {str(key).split("@")[0].split()[-1] for key in _defaults(root / f"{name}.yaml")}
    groups = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir())
    own = [group for group in groups if group.split("/")[0] in mounted]
    typed = "".join(f" {word.upper()}" for word in words)
    lines = [f"python -m nmt.{name}{typed} [KEY=VALUE ...]", "", (command.__doc__ or "").strip()]
    if own:
        lines += ["", "Groups, each with its choices (GROUP=CHOICE):"]
        lines += [f"  {group}: {', '.join(overrides.choices(root, group))}" for group in own]
    lines += ["", "Keys with their defaults (KEY.KEY=VALUE):", "", OmegaConf.to_yaml(composed)]
    return "\n".join(lines)


def _defaults(path: Path) -> Iterator[str]:
    """Name the groups of a command's defaults list."""
    for entry in OmegaConf.load(path).defaults:
        if isinstance(entry, DictConfig):
            yield from map(str, entry)


def _explain(error: OmegaConfBaseException) -> str:
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key} is not set; give {error.full_key}=VALUE on the command line"
    return " ".join(str(error).split())
