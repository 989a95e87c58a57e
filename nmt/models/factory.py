"""Networks from their configurations; below this module nothing reads a configuration."""

from collections.abc import Mapping
from typing import Any

from nmt.config.instantiate import instantiate
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.translation_model import TranslationModel


def translation_model(
    model: Mapping[str, Any], source_pieces: int, target_pieces: int
) -> TranslationModel:
    """Build a network, initialised from torch's random state, for these vocabularies.

    Args:
        model: the resolved node `model`: `readout_size` and the nodes `tying`, `embedding`,
            `encoder` and `decoder`; its other keys are for interpolations.
        source_pieces: size of the source vocabulary.
        target_pieces: size of the target vocabulary.

    Raises:
        ConfigurationError: if parts do not fit each other or a value is out of range.
    """
    tying = instantiate(model["tying"])
    tables = tying(
        source_pieces, target_pieces, instantiate(model["embedding"]), model["readout_size"]
    )
    return TranslationModel(tables, instantiate(model["encoder"]), instantiate(model["decoder"]))


def language_network(model: Mapping[str, Any], pieces: int) -> LanguageNetwork:
    """Build the network of a language model, initialised from torch's random state.

    Args:
        model: the resolved node: `readout_size` and the nodes `tying`, `embedding` and `network`;
            its other keys are for interpolations.
        pieces: size of the vocabulary.

    Raises:
        ConfigurationError: if parts do not fit each other or a value is out of range.
    """
    tying, embedding = instantiate(model["tying"]), instantiate(model["embedding"])
    tables = tying.monolingual(pieces, embedding, model["readout_size"])
    network: LanguageNetwork = instantiate(model["network"])(*tables)
    return network
