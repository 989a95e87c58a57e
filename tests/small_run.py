"""A run's folder with a small network that has learnt nothing, as training would have left it."""

import functools
from pathlib import Path

import torch
import yaml

from nmt import bundle
from nmt.build import plain, translation_model
from nmt.command_line import configuration
from nmt.pieces import Unigram
from nmt.resources import folder
from nmt.tokenizer import Tokenizer, Tokenizers


@functools.cache
def starter(name: str) -> list[str]:
    """Give the lines of a file of the starter corpus."""
    return (folder("data/starter") / name).read_text(encoding="utf-8").splitlines()


@functools.cache
def tokenizer() -> Tokenizer:
    return Unigram(200, 1.0, (), False, "nmt_nfkc", 1000, 1).train(starter("valid.de"))


def save(run: Path, *overrides: str, seed: int = 1) -> str:
    """Write a run of `conf/train.yaml` with these overrides; its name is given back."""
    config = configuration(
        "train", ["model.hidden_size=8", "model.embedding_size=8", *overrides], ()
    )
    torch.manual_seed(seed)
    model = translation_model(plain(config.model), tokenizer().size, tokenizer().size)
    stored = {"model": plain(config.model), "search": plain(config.search)}
    both = Tokenizers(tokenizer(), tokenizer())
    bundle.save(run, dict(model.named_parameters()), stored, both, {})
    (run / "training").mkdir()
    (run / "training" / "config.yaml").write_text(yaml.safe_dump({"data": plain(config.data)}))
    return str(run)
