"""The classes that a saved model may name, found by importing their modules."""

import importlib
import pkgutil

from nmt.inspection.classes import PACKAGES, TORCH


def classes_of(package: str) -> set[str]:
    """Return the names of the classes that the modules of a package define."""
    if package == "torch.nn":
        return set(TORCH)
    paths = getattr(importlib.import_module(package), "__path__", [])
    modules = [f"{package}.{module.name}" for module in pkgutil.iter_modules(paths)]
    return {
        f"{module}.{name}"
        for module in modules or [package]
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, type) and value.__module__ == module and not name.startswith("_")
    }


CLASSES = {key: sorted(classes_of(package)) for key, package in PACKAGES.items()}
"""By the key at which they may stand."""
