"""Commands: from arguments to a composed configuration, and from an error to one line.

A command composes `conf/<name>.yaml` itself (Hydra's compose API) instead of being run by Hydra,
which would create folders, log to stdout, reject umlauts and not name the keys that exist.
"""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nmt.config import names, overrides
from nmt.config.search_path import SearchPath
from nmt.config.usage import usage
from nmt.runtime import allocator, output_files
from nmt.runtime.control_characters import cleaned
from nmt.runtime.errors import ArgumentError, ConfigurationError, LostProcessError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory
from nmt.runtime.signals import Terminated, raise_on_sigterm

SHORTAGE = (
    "out of memory; close other programs, or lower batches.budget, text_batching.budget,"
    " validation_budget or windows.pieces, whichever of them --help names"
)

CONFIGS = "configs="
HELP = {"-h", "--help"}

log = logging.getLogger(__name__)


def run(
    name: str,
    command: Callable[[DictConfig], object],
    positional: Sequence[str] = (),
    home: Path | None = None,
) -> int:
    """Run a command with the arguments of this process, and return its exit status.

    Args:
        name: of the command and of its configuration.
        command: receives the composed configuration.
        positional: keys that arguments without a key fill, see `overrides.keyed`.
        home: folder of the command's configuration; None is `conf`.

    Returns:
        the exit status, see `exit_status`.
    """
    allocator.limit_kernel_caches()
    return exit_status(partial(_run, name, command, positional, home))


def exit_status(action: Callable[[], object]) -> int:
    """Run what a process is started for, and return its exit status.

    Returns:
        0; 2 after an NmtError, which is reported in one line; 130 after Ctrl-C and 143 after
        SIGTERM, which leave nothing half written; 141 when the reader of stdout has closed it.
    """
    # Where the shell has closed a stream, there is nothing to read, and nobody reads.
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO, force=True)
    logging.getLogger("hydra").setLevel(logging.CRITICAL)  # what it logs, it raises as well
    try:
        with raise_on_sigterm(), _explained():
            action()
    except NmtError as error:
        return _report(error)
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
    # Only here are the error and its frames gone, and with them what they hold in memory.
    return _report(NmtError(SHORTAGE))


def _run(
    name: str,
    command: Callable[[DictConfig], object],
    positional: Sequence[str],
    home: Path | None,
) -> None:
    arguments = [argument for argument in sys.argv[1:] if argument not in HELP]
    path, given = _parse(arguments, positional, home)
    config = _compose(name, path, given)
    if len(arguments) < len(sys.argv[1:]):
        program = f"nmt.{name}" if home is None else ".".join(home.parts[-3:-1])
        words = [f"[{key.upper().replace('...', ' ...')}]" for key in positional]
        call = " ".join([f"python -m {program}", *words, "[KEY=VALUE ...]"])
        output_files.print_text(usage(call, path, path.defaults(name, given), config))
    else:
        command(config)


def _report(error: NmtError) -> int:
    if isinstance(error, LostProcessError) and os.environ.get("RANK", "0") != "0":
        return 2
    # A message may hold anything that a file or a shell does; and stderr may be closed.
    with suppress(OSError):
        sys.stderr.write(f"error: {cleaned(str(error))}\n")
        sys.stderr.flush()
    return 2


class CommandModule(ModuleType):
    """A command's module that can be called itself: importing it makes it the package's attribute.

    So `nmt.train(...)` is a call whether the module `nmt.train` was imported before or not.
    """

    def __call__(self, *arguments: str) -> Any:
        """Run the command with arguments `KEY=VALUE`, and return what its function returns.

        Raises:
            NmtError: where the command would end with one line and status 2.
            KeyboardInterrupt: when a training has saved its state after a signal.
        """
        name = self.__name__.rpartition(".")[2]
        for argument in arguments:
            if not isinstance(argument, str):
                raise ArgumentError(
                    f"nmt.{name}({argument!r}): expected arguments as they are typed, as in"
                    f' nmt.{name}("run=runs/a")'
                )
        # Other processes of a training get their arguments from there.
        before, sys.argv = sys.argv, [str(self.__file__), *arguments]
        try:
            with _explained():
                return getattr(self, name)(configuration(name, arguments))
        except SystemExit as error:
            raise KeyboardInterrupt from error
        finally:
            sys.argv = before


def configuration(
    name: str,
    arguments: Sequence[str],
    positional: Sequence[str] = (),
    home: Path | None = None,
) -> DictConfig:
    """Compose the configuration of a command from its arguments; the others are those of `run`.

    Raises:
        ConfigurationError: if an argument, key, value or choice is wrong; names the nearest.
    """
    return _compose(name, *_parse(arguments, positional, home))


def own_configs() -> list[str]:
    """Return the arguments `configs=` of this process, for what a command composes itself."""
    return [argument for argument in sys.argv[1:] if argument.startswith(CONFIGS)]


def _parse(
    arguments: Sequence[str], positional: Sequence[str], home: Path | None
) -> tuple[SearchPath, list[Override]]:
    given = [overrides.parse(one) for one in arguments if one.startswith(CONFIGS)]
    values = [names.exact(one, OmegaConf.create()).value() for one in given]
    listed = [name for one in values for name in (one if isinstance(one, list) else [one])]
    folders = [names.expanded(str(name)) for name in listed]
    path = SearchPath.of(home, folders)
    others = [argument for argument in arguments if not argument.startswith(CONFIGS)]
    return path, [overrides.parse(one) for one in overrides.keyed(others, positional, path)]


def _compose(name: str, path: SearchPath, given: Sequence[Override]) -> DictConfig:
    # Of the same key given twice the last one holds; Hydra would reject some.
    last = {(one.key_or_group, one.package, one.type): one for one in given}
    given = [one for one in given if one in last.values()]
    choices = [override for override in given if path.choices(override.key_or_group)]
    values = [override for override in given if override not in choices]
    for override in choices:
        overrides.check_choice(path, override)
    base = path.compose(name, choices)
    if added := list(filter(overrides.adds, choices)):
        without = path.compose(name, [override for override in choices if override not in added])
        for override in added:
            overrides.check_added(override, without, base)
    for override in values:
        overrides.check_key(path, override, base)
    values = [names.exact(override, base) for override in values]
    composed = path.apply(values, base) if values else base
    overrides.check_numbers("", OmegaConf.to_container(composed))
    effective = {override.key_or_group: override for override in values}
    for override in values:
        overrides.check_added(override, base, composed)
    for override in effective.values():
        overrides.convert(override, base, composed)
    names.normalize(name, composed)
    return composed


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what a command meets in its configuration as a ConfigurationError."""
    try:
        yield
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigurationError(
            f"{key} is not set; give {key}=VALUE on the command line"
        ) from error
    except OmegaConfBaseException as error:
        raise ConfigurationError(" ".join(str(error).split())) from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise NmtError(f"{error.filename}: the name is too long for its file system") from error
