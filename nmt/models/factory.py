"""From configuration to objects; below this file nobody sees a configuration."""

from collections.abc import Mapping
from typing import Any

from nmt.config.instantiate import instantiate
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.translation_model import TranslationModel


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
