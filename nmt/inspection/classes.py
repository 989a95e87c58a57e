"""The classes that a saved model may name, found by parsing the program's files, not running them.

A prefix alone would not protect, as a name is resolved through what its module imports:
`nmt.models.cells.lstm.torch.load`. So the last part must be a class that the module's file defines.
"""

import ast
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from nmt.inspection.files import quote
from nmt.runtime.errors import ModelError

PARTS = {
    "attention": "nmt.models.attention",
    "bottom": "nmt.models.encoders",
    "bridge": "nmt.models.bridges",
    "cell": "nmt.models.cells",
    "decoder": "nmt.models.decoders",
    "embedding": "nmt.models.embeddings",
    "encoder": "nmt.models.encoders",
    "network": "nmt.models.language_models",
    "normalization": "torch.nn",
    "readout": "nmt.models.readouts",
    "stack": "nmt.models.stack",
}
"""The package or module of each key's classes, which get sizes from their owner (`_partial_`)."""

PACKAGES = {
    **PARTS,
    "estimator": "nmt.models.language_models.ngrams",
    "length_penalty": "nmt.search.length_penalties",
    "search": "nmt.search",
    "tying": "nmt.models.embeddings",
}
"""The same, with the keys of objects that have all their values in the configuration."""

TORCH = ("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.Identity")
"""The classes of `torch.nn`."""

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def check(
    target: object, key: str, packages: Sequence[str], trust: Sequence[str], where: str
) -> None:
    """Check that a `_target_` is a class of these packages, or in one that the user trusts.

    Args:
        target: the value of `_target_`.
        key: of the node that has it.
        packages: of this program.
        trust: packages of the user.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming the value, the key and what is allowed.
    """
    if isinstance(target, str) and NAME.fullmatch(target) and within(target, trust):
        return
    if not any(_defines(package, target) for package in packages):
        allowed = ", ".join(f"{package}.*" for package in packages) or "none"
        raise ModelError(
            f"{where} names {quote(target)} as {quote(key)}, which is no class that a saved model"
            f" may name there (allowed: {allowed}){_trust_hint(target)}"
        )


def within(name: str, packages: Sequence[str]) -> bool:
    """Return whether a dotted name lies in one of the packages."""
    return name.startswith(tuple(f"{package}." for package in packages))


def _defines(package: str, target: object) -> bool:
    """Return whether a module of the package, or the module of that name, defines the class."""
    if not isinstance(target, str) or not NAME.fullmatch(target):
        return False
    if package == "torch.nn":
        return target in TORCH
    module, _, name = target.rpartition(".")
    return package in (module, module.rpartition(".")[0]) and name in _classes(module)


@cache
def _classes(module: str) -> frozenset[str]:
    """Return the names of the classes that a module's file defines; none if there is no file."""
    try:
        text = ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py").read_bytes()
    except OSError:
        return frozenset()
    return frozenset(node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))


def _trust_hint(target: object) -> str:
    """Return what to do if trust would help; to trust Python's own modules is to trust anything."""
    package = str(target).partition(".")[0]
    own = {"nmt", "torch", *sys.stdlib_module_names}
    if not (isinstance(target, str) and NAME.fullmatch(target)) or package in own:
        return ""
    return f"; if you know where it comes from, add trust=[{package}]"
