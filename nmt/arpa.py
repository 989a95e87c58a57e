"""`python -m nmt.arpa`: converts an n-gram model to an ARPA file, or an ARPA file to a run.

`run=runs/lm output=lm.arpa` writes the file; `run=runs/new input=lm.arpa pieces=runs/a` makes a run
of it, whose words are the pieces of run `runs/a`.
"""

import logging
import sys
from pathlib import Path
from typing import cast

from omegaconf import DictConfig

from nmt.config.command_line import run
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.inspection.model_folder import WEIGHTS, inspect
from nmt.runtime.errors import ConfigurationError, ModelError

log = logging.getLogger(__name__)


def arpa(config: DictConfig) -> None:
    """Write a run's n-gram model to output=FILE, or make a run of input=FILE."""
    folder = Path(str(config.run))
    if (config.input is None) == (config.output is None):
        raise ConfigurationError("expected one of input=FILE and output=FILE")
    if config.output is not None:
        _write(folder, Path(str(config.output)), config)
    else:
        _read(folder, Path(str(config.input)), config)


def _write(folder: Path, path: Path, config: DictConfig) -> None:
    inspected = inspect(folder, ("language_model",), config.trust)
    if not inspected.is_ngram:
        raise ModelError(f"{folder} holds a network; only an n-gram model can be an ARPA file")
    # Imported only now, as they import torch.
    from nmt.models.language_models.ngram import NGramLanguageModel
    from nmt.models.language_models.ngrams.arpa import write
    from nmt.models.saved.language_model import SavedLanguageModel
    from nmt.runtime.device import choose

    saved = SavedLanguageModel.load(inspected, choose("cpu"))
    write(path, cast(NGramLanguageModel, saved.model).tables(), _names(saved.tokenizer))
    log.info("wrote %s", path)


def _read(folder: Path, path: Path, config: DictConfig) -> None:
    if config.pieces is None:
        raise ConfigurationError("input= needs pieces=FOLDER, a run whose pieces are the words")
    if (folder / WEIGHTS).exists():
        raise ConfigurationError(f"run={folder} holds a model already; take another run=NAME")
    tokenizer = Tokenizers.load(Path(str(config.pieces))).target
    # Imported only now, as they import torch.
    from nmt.models.language_models.ngram import NGramLanguageModel
    from nmt.models.language_models.ngrams.arpa import read
    from nmt.models.saved.language_model import save_language_model

    model = NGramLanguageModel(read(path, _names(tokenizer)))
    # The estimator marks the run as an n-gram model; the order is that of the file.
    node = {
        "order": model.order,
        "estimator": {
            "_target_": "nmt.models.language_models.ngrams.kneser_ney.KneserNey",
            "order": model.order,
        },
    }
    scores = {"read": str(path)}
    save_language_model(folder, model.tensors(), node, tokenizer, scores)
    log.info("wrote %s, which holds a language model", folder)


def _names(tokenizer: Tokenizer) -> list[str]:
    return tokenizer.pieces(range(tokenizer.size))


if __name__ == "__main__":
    sys.exit(run("arpa", arpa, ("input",)))
