"""From a node of a configuration to the object that it describes, without torch."""

import dataclasses
import difflib
import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import hydra.utils
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from nmt.runtime.errors import ConfigurationError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory

Built = TypeVar("Built")

ACCEPTED: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    str: (str,),
    bool: (bool,),
}
"""For each annotation that is checked the types of the values that it accepts."""


def instantiate(node: Any) -> Any:
    """Build the object that a node of the user's configuration describes, by its `_target_`.

    Raises:
        ConfigurationError: if the class does not exist or rejects its values; names the key.
    """
    _check_values(OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node)
    try:
        return hydra.utils.instantiate(node)
    except InstantiationException as error:
        cause = error.__cause__
        if cause is not None and (isinstance(cause, NmtError) or is_out_of_memory(cause)):
            raise cause from None
        raise ConfigurationError(" ".join(str(error).split())) from error
    except (TypeError, ValueError) as error:  # from Hydra's own keys, as _partial_=3
        raise ConfigurationError(" ".join(str(error).split())) from error


def _check_values(node: Any, path: str = "") -> None:
    """Check the names and types of a node's values, and of all below, by their constructors."""
    if not isinstance(node, Mapping):
        return
    parameters = _parameters(node["_target_"]) if "_target_" in node else {}
    for key, value in node.items():
        name = f"{path}{key}"
        _check_values(value, f"{name}.")
        if not parameters or key.startswith("_") or value == "???":
            continue
        check_parameter(key, name, node["_target_"])
        expected = parameters[key].annotation
        if not _accepts(expected, value):
            shown = (
                expected.__name__ if expected in ACCEPTED else re.sub(r"\b\w+\.", "", str(expected))
            )
            raise ConfigurationError(f"{name}={value!r} of {node['_target_']}: expected {shown}")


def _accepts(hint: Any, value: Any) -> bool:
    """Return whether a value is of an annotation; true of those that values do not show."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(value, Mapping) and "_target_" in value:
        return True
    if hint in ACCEPTED:
        return type(value) in ACCEPTED[hint]
    if hint is None or hint is type(None):
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(_accepts(one, value) for one in inner)
    if origin is tuple and Ellipsis not in inner:
        fits = isinstance(value, list | tuple) and len(value) == len(inner)
        return fits and all(map(_accepts, inner, value))
    if origin in (list, tuple, Sequence):
        return isinstance(value, list | tuple) and all(_accepts(inner[0], one) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, Mapping)
    # A tensor, which torch accepts for some numbers, is nothing that a configuration can name.
    return not (inspect.isclass(hint) and hint.__module__ == "torch" and hint.__name__ == "Tensor")


def check_parameter(parameter: str, key: str, target: object) -> None:
    """Check that a constructor has a parameter.

    Args:
        parameter: its name.
        key: its path in the configuration.
        target: name of the class.

    Raises:
        ConfigurationError: if it has not; names the nearest ones.
    """
    parameters = _parameters(target)
    if parameters and parameter not in parameters and not parameter.startswith("_"):
        near = difflib.get_close_matches(parameter, parameters, n=3)
        hint = f" (nearest: {', '.join(near)})" if near else ""
        raise ConfigurationError(f"{key}: {target} has no such value{hint}")


def _parameters(target: object) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a constructor; none if it cannot be inspected or takes any name."""
    if not isinstance(target, str):
        raise ConfigurationError(f"_target_={target}: expected the name of a class")
    try:
        parameters = inspect.signature(hydra.utils.get_object(target)).parameters
    except (ImportError, InstantiationException) as error:
        raise ConfigurationError(f"_target_={target}: there is no such class") from error
    except (ValueError, TypeError):
        return {}
    kinds = {parameter.kind for parameter in parameters.values()}
    return {} if inspect.Parameter.VAR_KEYWORD in kinds else parameters


def plain(node: DictConfig) -> dict[str, Any]:
    """Return a node as plain dicts and lists, its interpolations resolved."""
    container = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def build(cls: type[Built], config: DictConfig, **known: Any) -> Built:
    """Build a dataclass from the keys of a configuration that its fields are named after.

    A node with `_target_` becomes the object that it describes; any other node, and any whose
    field is annotated as a `Mapping`, becomes plain values. A field that is no key and whose
    annotation is a dataclass is built from the same keys.

    Args:
        cls: a dataclass.
        config: a command's configuration.
        known: fields that are no keys.

    Raises:
        ConfigurationError: if a value is refused; names its key.
    """
    hints, values = typing.get_type_hints(cls), dict(known)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        name, hint = field.name, hints[field.name]
        if name in known:
            continue
        if name in config.keys():  # noqa: SIM118  (`in config` is false where a value is missing)
            values[name] = _built(config[name], typing.get_origin(hint) or hint)
        elif dataclasses.is_dataclass(hint):
            values[name] = build(typing.cast(type[Any], hint), config)
    return cls(**values)


def _built(value: Any, hint: Any) -> Any:
    if not OmegaConf.is_config(value):
        return value
    if OmegaConf.is_dict(value) and "_target_" in value and hint is not Mapping:
        return instantiate(value)
    return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)


def settings(config: DictConfig) -> dict[str, Any]:
    """Return the whole configuration as plain values; a value that is missing reads `???`."""
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def packages(node: Any) -> set[str]:
    """Return the packages, other than this one, whose classes plain values name."""
    if isinstance(node, dict):
        own = {str(node["_target_"]).partition(".")[0]} if "_target_" in node else set()
        return (own - {"nmt"}).union(*map(packages, node.values()))
    return set().union(*map(packages, node)) if isinstance(node, list) else set()
