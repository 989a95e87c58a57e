"""`nmt COMMAND ...` and `python -m nmt COMMAND ...`: the same as `python -m nmt.COMMAND ...`."""

import difflib
import runpy
import sys
from collections.abc import Sequence
from functools import partial

import nmt
from nmt.config.command_line import exit_status
from nmt.config.usage import header
from nmt.runtime.output_files import print_text
from nmt.runtime.package_files import folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, and return the exit status.

    Args:
        arguments: of the command line; None is those of this process.
    """
    name, *others = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    commands = sorted(path.stem for path in folder("conf").glob("[!_]*.yaml"))
    if name == "--version":
        return exit_status(partial(print_text, f"nmt {nmt.__version__}\n"))
    if name in {"-h", "--help"}:
        return exit_status(partial(print_text, _usage(commands)))
    if (command := name.replace("-", "_")) in commands:
        sys.argv = [f"nmt.{command}", *others]
        runpy.run_module(f"nmt.{command}", run_name="__main__", alter_sys=True)  # exits
    near = difflib.get_close_matches(command, commands, n=3, cutoff=0.5)
    hint = f" (nearest: {', '.join(near)})" if near else ""
    sys.stderr.write(f"error: {name!r} is no command{hint}; nmt --help lists all\n")
    return 2


def _usage(commands: Sequence[str]) -> str:
    width = max(map(len, commands))
    lines = ["nmt COMMAND [KEY=VALUE ...], or python -m nmt COMMAND [KEY=VALUE ...]", ""]
    for command in commands:
        text = (folder("conf") / f"{command}.yaml").read_text(encoding="utf-8")
        lines.append(f"  {command:<{width}}  {next(iter(header(text)))}")
    lines += ["", "nmt COMMAND --help explains a command's keys; nmt --version prints the version."]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
