"""A run's folder with a small network that has learnt nothing, as training would have left it."""

import functools
from pathlib import Path

import torch
import yaml

from nmt import bundle, language_bundle
from nmt.build import language_network, plain, translation_model
from nmt.command_line import configuration
from nmt.language_models.ngram import NGram
from nmt.ngrams.kneser_ney import KneserNey
from nmt.pieces import Unigram
from nmt.ragged import Ragged
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


def save_language(run: Path, kind: str, seed: int = 1) -> Path:
    """Write a language model of `conf/language_model`, a network or of n-grams."""
    node = plain(
        configuration(
            "train_language_model",
            [f"language_model={kind}", *([] if kind == "ngram" else ["model.hidden_size=8"])],
            (),
        ).model
    )
    torch.manual_seed(seed)
    if kind == "ngram":
        lines = Ragged.of(tokenizer().encode_lines(starter("valid.de")[: 100 * seed]))
        weights = NGram(KneserNey(3)(lines, tokenizer().size)).tensors()
    else:
        weights = dict(language_network(node, tokenizer().size).named_parameters())
    language_bundle.save(run, weights, node, tokenizer(), {})
    return run
