"""From configuration to objects; below this file nobody sees a configuration."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from nmt.errors import ModelError
from nmt.instantiation import instantiate, plain
from nmt.language_models.network import LanguageNetwork
from nmt.strangers.classes import LISTED, within
from nmt.translation_model import TranslationModel

__all__ = ["check_trusted", "instantiate", "language_network", "plain", "translation_model"]


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
