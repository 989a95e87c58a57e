"""Weights of a saved model as the start of another training."""

import logging
from collections.abc import Iterable
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.inspection.model_folder import inspect
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ConfigurationError

logger = logging.getLogger(__name__)

KnownPieces = tuple[Int[Tensor, " known"], Int[Tensor, " known"]]
"""Ids of the pieces that two vocabularies have in common, in the first and in the second."""


@torch.no_grad()
def start_from(
    run: str, trust: Iterable[str], network: TranslationModel, tokenizers: Tokenizers
) -> None:
    """Copy the weights of a saved model into a network of the same form.

    With other vocabularies, rows of embeddings and output are copied for the pieces that both
    have; those of new pieces stay as they are.

    Args:
        run: folder of the saved model.
        trust: packages of the user whose classes it may name.
        network: changed in place.
        tokenizers: of the network.

    Raises:
        ModelError: if the model must not be used, or cannot be built.
        ConfigurationError: if a weight is missing or has another shape; nothing is changed then.
    """
    inspected = inspect(Path(run), ("model",), sorted(trust))
    saved = SavedTranslationModel.load(inspected, torch.device("cpu"))
    sides = {
        "source": known_pieces(tokenizers.source, saved.tokenizers.source),
        "target": known_pieces(tokenizers.target, saved.tokenizers.target),
    }
    own, other = dict(network.named_parameters()), dict(saved.model.named_parameters())
    tables = _tables(network)
    for name, weight in own.items():
        skip = 1 if weight in tables else 0
        if name not in other or weight.shape[skip:] != other[name].shape[skip:]:
            found = tuple(other[name].shape) if name in other else "missing"
            raise ConfigurationError(
                f"initial={saved.folder}: its weight {name} is {found}, and this model needs"
                f" {tuple(weight.shape)}; use the model settings of that run, in its config.yaml"
            )
    for name, weight in own.items():
        if weight in tables:
            rows, from_rows = sides[tables[weight]]
            weight[rows.to(weight.device)] = other[name][from_rows].to(weight)
        else:
            weight.copy_(other[name])
    logger.info(
        "starting from %s: %d of %d source pieces and %d of %d target pieces are known",
        run,
        *(len(sides["source"][0]), tokenizers.source.size),
        *(len(sides["target"][0]), tokenizers.target.size),
    )


def known_pieces(own: Tokenizer, other: Tokenizer) -> KnownPieces:
    """Return the ids of the pieces that two tokenizers have in common."""
    ids = {piece: id_ for id_, piece in enumerate(other.pieces(range(other.size)))}
    known = [
        (id_, ids[piece]) for id_, piece in enumerate(own.pieces(range(own.size))) if piece in ids
    ]
    first, second = zip(*known, strict=True)
    return torch.tensor(first), torch.tensor(second)


def _tables(network: TranslationModel) -> dict[Tensor, str]:
    """Return the weights that have a row per piece, and the side whose pieces they are."""
    output = network.decoder.output
    target = (network.decoder.embedding.weight, output.weight, output.bias)
    return {network.embedding.weight: "source", **dict.fromkeys(target, "target")}
