"""A run's folder with a small network that has learnt nothing, as training would have left it."""

import functools
from pathlib import Path

import torch
import yaml

from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.data.ragged import Ragged
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.data.tokenization.training import UnigramTrainer
from nmt.models.factory import language_network, translation_model
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.ngrams.kneser_ney import KneserNey
from nmt.models.saved.language_model import save_language_model
from nmt.models.saved.translation_model import save_translation_model
from nmt.runtime.package_files import folder


@functools.cache
def starter(name: str) -> list[str]:
    """Give the lines of a file of the starter corpus."""
    return (folder("data/starter") / name).read_text(encoding="utf-8").splitlines()


@functools.cache
def tokenizer() -> Tokenizer:
    return UnigramTrainer(200, 1.0, (), False, "nmt_nfkc", 1000, 1).train(starter("valid.de"))


def save(run: Path, *overrides: str, seed: int = 1) -> str:
    """Write a run of `conf/train.yaml` with these overrides; its name is given back."""
    config = configuration(
        "train", ["model.hidden_size=8", "model.embedding_size=8", *overrides], ()
    )
    torch.manual_seed(seed)
    model = translation_model(plain(config.model), tokenizer().size, tokenizer().size)
    stored = {"model": plain(config.model), "search": plain(config.search)}
    both = Tokenizers(tokenizer(), tokenizer())
    save_translation_model(run, dict(model.named_parameters()), stored, both, {})
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
        lines = Ragged.from_lists(tokenizer().encode_lines(starter("valid.de")[: 100 * seed]))
        weights = NGramLanguageModel(KneserNey(3)(lines, tokenizer().size)).tensors()
    else:
        weights = dict(language_network(node, tokenizer().size).named_parameters())
    save_language_model(run, weights, node, tokenizer(), {})
    return run
