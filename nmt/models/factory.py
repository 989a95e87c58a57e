"""Networks from their configurations; below this module nothing reads a configuration."""

from collections.abc import Mapping
from typing import Any

from nmt.config.instantiate import instantiate
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ConfigurationError


def translation_model(
    model: Mapping[str, Any], source_pieces: int, target_pieces: int
) -> TranslationModel:
    """Build a network, initialized from torch's random state, for these vocabularies.

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


def model_of_languages(model: Mapping[str, Any], tokenizers: Tokenizers) -> TranslationModel:
    """Build a network as `translation_model` does, for the vocabularies of two languages.

    Raises:
        ConfigurationError: also if one table is shared by two vocabularies.
    """
    network = translation_model(model, tokenizers.source.size, tokenizers.target.size)
    if not tokenizers.joint and network.embedding is network.decoder.embedding:
        raise ConfigurationError(
            "model/tying=all shares one table between the languages, but with vocabulary=separate"
            " an id means another piece in each; use vocabulary=joint or model/tying=target"
        )
    return network


def language_network(model: Mapping[str, Any], pieces: int) -> LanguageNetwork:
    """Build the network of a language model, initialized from torch's random state.

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
