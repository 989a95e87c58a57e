"""Small saved translation models with random weights."""

import torch

from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.tokenization.training import UnigramTrainer
from nmt.models.factory import translation_model
from nmt.models.saved.translation_model import save_translation_model

LINES = [
    f"{who} {does} {where}."
    for who in ("Der Hund", "Ein alter Mann", "Die Katze", "Das Kind")
    for does in ("läuft", "schläft tief", "sitzt", "wartet lange")
    for where in ("im Garten", "vor dem großen Haus", "hier")
]


def tokenizers(size, byte_fallback=False):
    """Return tokenizers of `size` pieces trained on LINES; byte_fallback adds 256 pieces."""
    tokenizer = UnigramTrainer(size, 1.0, (), byte_fallback, "nmt_nfkc", 1000, 1).train(LINES)
    return Tokenizers(tokenizer, tokenizer)


def save(folder, size, byte_fallback=False):
    """Save a model whose predictions are not uniform, and return its folder; see `tokenizers`."""
    pieces = tokenizers(size, byte_fallback)
    overrides = ["model.hidden_size=16", "model.embedding_size=16", "search.length_extra=3"]
    config = configuration("train", overrides, ())
    torch.manual_seed(1)
    model = translation_model(plain(config.model), size, size)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    settings = {"model": plain(config.model), "search": plain(config.search)}
    save_translation_model(folder, dict(model.named_parameters()), settings, pieces, {})
    return folder
