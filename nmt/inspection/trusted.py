"""Classes of packages that the user trusts, resolved by importing their modules."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from nmt.inspection.classes import LISTED, within
from nmt.runtime.errors import ModelError


def check_trusted(node: Any, trust: Sequence[str], where: str) -> None:
    """Refuse what a saved model names of the user's packages and is no class of theirs.

    A name is resolved through what its module imports, and only importing, which trust allows,
    tells what that is.

    Args:
        node: plain dicts and lists, in which `nmt.inspection.config_values` found no other fault.
        trust: packages whose classes the user allows besides those of this program.
        where: file, for the message.

    Raises:
        ModelError: names the offending value.
    """
    if isinstance(node, Mapping):
        if "_target_" in node and _of_user(node["_target_"], trust):
            _check_class(node["_target_"], where)
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            check_trusted(value, trust, where)


def _of_user(name: str, trust: Sequence[str]) -> bool:
    return within(name, trust) and name not in LISTED


def _check_class(name: str, where: str) -> None:
    module, _, own = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), own, None)
    except ImportError:
        found = None
    if not isinstance(found, type) or found.__module__ != module:
        raise ModelError(f"{where} names {name!r}, which is no class of {module}")
