"""From configuration to objects; below this file nobody sees a configuration."""

import difflib
import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import hydra.utils
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from nmt.errors import ConfigurationError, ModelError, NmtError
from nmt.language_models.network import LanguageNetwork
from nmt.strangers.classes import LISTED, within
from nmt.translation_model import TranslationModel

ACCEPTED: dict[Any, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    str: (str,),
    bool: (bool,),
}
"""For each annotation that is checked the types of values that it takes."""


def instantiate(node: Any) -> Any:
    """Make what a node of the configuration that the user typed asks for, by its `_target_`.

    Raises:
        ConfigurationError: if the class does not exist or refuses its values; names the key.
    """
    _check_values(OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node)
    try:
        return hydra.utils.instantiate(node)
    except InstantiationException as error:
        if isinstance(error.__cause__, NmtError):
            raise error.__cause__ from None
        raise ConfigurationError(" ".join(str(error).split())) from error
    except (TypeError, ValueError) as error:  # what Hydra says of its own words, as of _partial_=3
        raise ConfigurationError(" ".join(str(error).split())) from error


def _check_values(node: Any, path: str = "") -> None:
    """Hold each value of a node against its constructor's name and type, all nodes below too."""
    if not isinstance(node, Mapping):
        return
    parameters = _parameters(node["_target_"]) if "_target_" in node else {}
    for key, value in node.items():
        name = f"{path}{key}"
        _check_values(value, f"{name}.")
        if not parameters or key.startswith("_") or value == "???":
            continue
        if key not in parameters:
            near = difflib.get_close_matches(key, parameters, n=3)
            hint = f" (nearest: {', '.join(near)})" if near else ""
            raise ConfigurationError(f"{name}: {node['_target_']} has no such value{hint}")
        expected = parameters[key].annotation
        if expected in ACCEPTED and type(value) not in ACCEPTED[expected]:
            raise ConfigurationError(
                f"{name}={value!r} of {node['_target_']}: expected {expected.__name__}"
            )


def _parameters(target: object) -> Mapping[str, inspect.Parameter]:
    """Give what a constructor takes; nothing where it does not say, or takes any name."""
    if not isinstance(target, str):
        raise ConfigurationError(f"_target_={target}: expected the name of a class")
    try:
        found = inspect.signature(hydra.utils.get_object(target)).parameters
    except (ImportError, InstantiationException) as error:
        raise ConfigurationError(f"_target_={target}: there is no such class") from error
    except (ValueError, TypeError):
        return {}
    kinds = {parameter.kind for parameter in found.values()}
    return {} if inspect.Parameter.VAR_KEYWORD in kinds else found


def plain(node: DictConfig) -> dict[str, Any]:
    """Give a node as plain dicts and lists, its interpolations resolved."""
    container = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def translation_model(
    model: Mapping[str, Any], source_pieces: int, target_pieces: int
) -> TranslationModel:
    """Make a network, freshly initialised from torch's random state, for these vocabularies.

    Args:
        model: the resolved node `model`: `readout_size` and the nodes `tying`, `embedding`,
            `encoder` and `decoder`; what else stands there is for interpolations.
        source_pieces: size of the source vocabulary.
        target_pieces: size of the target vocabulary.
    """
    tying = instantiate(model["tying"])
    tables = tying(
        source_pieces, target_pieces, instantiate(model["embedding"]), model["readout_size"]
    )
    return TranslationModel(tables, instantiate(model["encoder"]), instantiate(model["decoder"]))


def language_network(model: Mapping[str, Any], pieces: int) -> LanguageNetwork:
    """Make a language model's network, freshly initialised from torch's random state.

    Args:
        model: the resolved node: `readout_size` and the nodes `tying`, `embedding` and `network`;
            what else stands there is for interpolations.
        pieces: size of the vocabulary.
    """
    tying = instantiate(model["tying"])
    embedding, output = tying.alone(pieces, instantiate(model["embedding"]), model["readout_size"])
    network: LanguageNetwork = instantiate(model["network"])(embedding, output)
    return network


def check_trusted(node: Any, trust: Sequence[str], where: str) -> None:
    """Refuse what a saved model names of the user's packages and is no class of theirs.

    A name is resolved through what its module imports, and only importing, which trust allows,
    tells what that is.

    Args:
        node: plain dicts and lists, in which `nmt.strangers.settings` found no other fault.
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
