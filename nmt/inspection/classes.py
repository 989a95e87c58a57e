"""Which classes a saved model may name; decided by reading the program's files, not running them.

A prefix alone would be no protection, as a name is resolved through what its module imports:
`nmt.models.cells.lstm.torch.load` begins well. So the last part must be a class that the file of
the
module defines itself.
"""

import ast
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from nmt.inspection.files import shown
from nmt.runtime.errors import ModelError

ROOMS = (
    "nmt.models.attention",
    "nmt.models.bridges",
    "nmt.models.cells",
    "nmt.models.decoders",
    "nmt.models.embeddings",
    "nmt.models.encoders",
    "nmt.models.language_models",
    "nmt.models.language_models.ngrams",
    "nmt.models.readouts",
    "nmt.search",
    "nmt.models.stack",
)
"""Where the classes live that a saved model may name."""

LISTED = ("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.Identity")
"""Classes from elsewhere that a saved model may name."""

PACKAGE = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def check(name: object, rooms: Sequence[str], trust: Sequence[str], where: str) -> None:
    """Refuse what is no class of the rooms, nor in a package that the user trusts.

    Args:
        name: what stands behind `_target_`.
        rooms: modules and packages of this program.
        trust: packages of the user.
        where: file, for the message.

    Raises:
        ModelError: names the value.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        if name in LISTED or within(name, trust):
            return
        module, _, own = name.rpartition(".")
        if within(name, rooms) and own in _defined(module):
            return
    raise ModelError(
        f"{where} names {shown(name)}, which is no class that a saved model may name{_way(name)}"
    )


def within(name: str, packages: Sequence[str]) -> bool:
    """Tell whether a dotted name lies in one of the packages, or is one's own."""
    return name.startswith(tuple(f"{package}." for package in packages))


@cache
def _defined(module: str) -> frozenset[str]:
    """Name the classes that a module's file defines; none where there is no such file."""
    try:
        text = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py").read_bytes()
    except OSError:
        return frozenset()
    return frozenset(node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))


def _way(name: object) -> str:
    """Say what to do where trust would help; whoever trusts Python's own modules trusts all."""
    package = str(name).partition(".")[0]
    ours = {"nmt", "torch", *sys.stdlib_module_names}
    if not (isinstance(name, str) and NAME.fullmatch(name)) or package in ours:
        return ""
    return f"; if you know where it comes from, add trust=[{package}]"
