"""Classes of packages that the user trusts, resolved by importing their modules."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from nmt.inspection.classes import TORCH, within
from nmt.runtime.errors import ModelError


def check_trusted(node: Any, trust: Sequence[str], where: str) -> None:
    """Check that the names of trusted packages in a saved model are classes of these packages.

    A name is resolved through what its module imports, so only the import, which trust allows,
    shows what it is.

    Args:
        node: plain dicts and lists that `nmt.inspection.config_values` has checked.
        trust: packages whose classes the user allows besides those of this program.
        where: the configuration's file, for messages.

    Raises:
        ModelError: naming the offending value.
    """
    if isinstance(node, Mapping):
        target = node.get("_target_")
        if isinstance(target, str) and within(target, trust) and target not in TORCH:
            _check_class(target, where)
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            check_trusted(value, trust, where)


def _check_class(target: str, where: str) -> None:
    module, _, name = target.rpartition(".")
    try:
        value = getattr(importlib.import_module(module), name, None)
    except ImportError:
        value = None
    if not isinstance(value, type) or value.__module__ != module:
        raise ModelError(f"{where} names {target!r}, which is no class of {module}")
