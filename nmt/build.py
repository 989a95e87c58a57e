"""From configuration to objects; below this file nobody sees a configuration."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import hydra.utils
from hydra.errors import InstantiationException
from omegaconf import DictConfig, OmegaConf

from nmt.errors import ConfigurationError, ModelError, NmtError
from nmt.translation_model import TranslationModel

ROOMS = (
    "nmt.attention.",
    "nmt.bridges.",
    "nmt.cells.",
    "nmt.decoders.",
    "nmt.embeddings.",
    "nmt.encoders.",
    "nmt.search.",
    "nmt.stack.",
)
"""Where the classes live that a saved model may name."""

LISTED = ("torch.nn.LayerNorm", "torch.nn.RMSNorm", "torch.nn.Identity")
"""Classes from elsewhere that a saved model may name."""


def instantiate(node: Any) -> Any:
    """Make what a node of the configuration that the user typed asks for, by its `_target_`.

    Raises:
        ConfigurationError: if the class does not exist or refuses its values; names the key.
    """
    try:
        return hydra.utils.instantiate(node)
    except InstantiationException as error:
        if isinstance(error.__cause__, NmtError):
            raise error.__cause__ from None
        raise ConfigurationError(" ".join(str(error).split())) from error


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


def check_stored(node: Any, trust: Sequence[str], where: str) -> None:
    """Refuse a saved model's configuration that names anything but classes of the rooms.

    A prefix alone would be no protection, as names resolve through what modules import.

    Args:
        node: plain dicts and lists.
        trust: packages whose classes the user allows besides.
        where: file, for the message.

    Raises:
        ModelError: names the offending value.
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            if str(key).startswith("_") and key not in ("_target_", "_partial_"):
                raise ModelError(f"{where} has the key {key!r}, which a saved model may not have")
            if key == "_target_":
                _check_target(value, trust, where)
            check_stored(value, trust, where)
    elif isinstance(node, list):
        for value in node:
            check_stored(value, trust, where)
    elif isinstance(node, str) and "${" in node:
        raise ModelError(
            f"{where} has the interpolation {node!r}, which a saved model may not have"
        )


def _check_target(name: Any, trust: Sequence[str], where: str) -> None:
    if name in LISTED:
        return
    module, _, attribute = str(name).rpartition(".")
    roots = (*ROOMS, *(f"{package}." for package in trust))
    if f"{module}.".startswith(roots):
        try:
            found = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            found = None
        if isinstance(found, type) and found.__module__ == module:
            return
    raise ModelError(
        f"{where} names {name!r}, which is no class that a saved model may name; if you know"
        f" where it comes from, add trust=[{str(name).split('.')[0]}]"
    )
