"""`python -m nmt.rerank`: translates, and lets a language model choose from the n-best lists.

The weights are tuned on the validation set of the run's training, or on `source=` and `target=`.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nmt.config.arguments import folders, name, output
from nmt.config.command_line import run
from nmt.config.instantiate import instantiate, plain
from nmt.inspection.model_folder import inspect, inspect_all
from nmt.runtime import allocator, output_files
from nmt.runtime.errors import ConfigurationError
from nmt.search.checks import check_candidates

log = logging.getLogger(__name__)


def rerank(config: DictConfig) -> None:
    """Write the candidate of the highest weighted score for each line."""
    models = inspect_all(folders(config.run), ("model",), config.trust)
    language_run = Path(str(config.language_run))
    language_model = inspect(language_run, ("language_model",), config.trust)
    # Imported only now, as they import torch.
    from nmt.data.text import streams
    from nmt.evaluation.likelihood import LanguageModelScorer
    from nmt.inference.reranking import score_candidates
    from nmt.inference.translator import Translator
    from nmt.models.saved.language_model import SavedLanguageModel
    from nmt.runtime.device import choose, set_threads

    allocator.keep_freed_blocks()
    set_threads(config.threads)
    check_candidates(plain(config.search))
    instantiate(config.grid)
    windows, device = instantiate(config.windows), choose(config.device)
    translator = Translator.of(
        models,
        search=instantiate(config.search),
        sentences=instantiate(config.sentences),
        long_lines=instantiate(config.long_lines),
        windows=windows,
        device=config.device,
    )
    translator = translator.shared(config.workers, config.threads)
    saved = SavedLanguageModel.load(language_model, device)
    scorer = LanguageModelScorer(saved.model, saved.tokenizer, windows, device)

    def candidates(lines: Iterable[str]) -> Iterator[Any]:
        return score_candidates(translator.stream(lines), scorer, windows)

    weights = _weights(config, candidates)
    lines = streams.read(
        name(config.input), config.starter_suffix, instantiate(config.invalid_text)
    )
    with output_files.open_output(name(config.output)) as file:
        for n_best in candidates(lines):
            file.write(f"{weights.best(n_best)}\n".encode())


def _weights(config: DictConfig, candidates: Callable[[Iterable[str]], Iterator[Any]]) -> Any:
    """Read the weights if their file exists, or tune them."""
    from nmt.inference.reranking import RerankingWeights

    path = output(config.weights, "weights")
    settings = {
        "run": [str(Path(folder)) for folder in folders(config.run)],
        "language_run": str(Path(str(config.language_run))),
        "search": plain(config.search),
        "metric": plain(config.metric),
    }
    if path is not None and path.is_file():
        return RerankingWeights.load(path, settings)
    held_out = _held_out(config)
    log.info("tuning on %d lines of %s", len(held_out.source), ", ".join(held_out.files))
    n_bests, metric = list(candidates(held_out.source)), instantiate(config.metric)
    weights, score = instantiate(config.grid)(n_bests, held_out.target, metric)
    first = metric([n_best[0].text for n_best in n_bests], held_out.target)
    log.info(
        "weights: %g of the language model, %g per piece; %s %.2f, without reranking %.2f",
        weights.language,
        weights.length,
        score.metric,
        score.value,
        first.value,
    )
    if path is not None:
        weights.save(path, score, settings)
    return weights


def _held_out(config: DictConfig) -> Any:
    from nmt.evaluation.test_sets import from_files, from_run

    if (config.source is None) != (config.target is None):
        raise ConfigurationError("source= and target= go together; expected both, or none")
    if config.source is not None:
        return from_files(str(config.source), str(config.target))
    return from_run(Path(folders(config.run)[0]), config.trust, "valid")


if __name__ == "__main__":
    sys.exit(run("rerank", rerank, ("input",)))
