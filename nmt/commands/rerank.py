"""Translates, and lets a language model choose among the n best."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from nmt.config.arguments import folders, name
from nmt.config.instantiate import instantiate, plain
from nmt.data.text import streams
from nmt.evaluation.likelihood import LanguageModelScorer, LikelihoodScorer
from nmt.evaluation.test_sets import EvaluationSet, from_files, from_run
from nmt.inference.reranking import RerankingWeights, check_best, options
from nmt.inference.translator import Translator
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime import allocator, device
from nmt.runtime.errors import ConfigurationError

logger = logging.getLogger(__name__)


def rerank(config: DictConfig) -> None:
    """Translate line by line as nmt.translate does; each line gets its highest-ranked candidate."""
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    check_best(plain(config.search))
    instantiate(config.grid)
    windows, place = instantiate(config.windows), device.choose(config.device)
    translator = Translator.load(
        folders(config.run),
        search=instantiate(config.search),
        long_lines=instantiate(config.long_lines),
        windows=windows,
        device=config.device,
        trust=config.trust,
    )
    translator = translator.shared(config.workers, config.threads)
    language = SavedLanguageModel.load(Path(str(config.language_run)), config.trust, place)
    judge = LanguageModelScorer(language.model, language.tokenizer, windows, place)
    weights = _weights(config, translator, judge)
    lines = streams.read(
        name(config.input), config.starter_suffix, instantiate(config.invalid_text)
    )
    translations = translator.stream(lines)
    with streams.open_output(name(config.output)) as file:
        for candidates in options(translations, judge, windows):
            file.write(f"{weights.best(candidates)}\n".encode())


def _weights(
    config: DictConfig, translator: Translator, judge: LikelihoodScorer
) -> RerankingWeights:
    """Read them where they are, or tune them."""
    path = None if config.weights is None else Path(str(config.weights))
    if path is not None and path.exists():
        return RerankingWeights.load(path, _settings(config))
    benchmark = _held_out(config)
    assert benchmark.source is not None
    logger.info("tuning on %d lines of %s", len(benchmark.source), ", ".join(benchmark.files))
    translations = translator.stream(benchmark.source)
    found = list(options(translations, judge, translator.windows))
    grid, metric = instantiate(config.grid), instantiate(config.metric)
    weights, score = grid(found, benchmark.target, metric)
    alone = metric([candidates[0].text for candidates in found], benchmark.target)
    logger.info(
        "weights: %g of the language model, %g a piece; %s %.2f, the search's own choice %.2f",
        weights.language,
        weights.length,
        score.metric,
        score.value,
        alone.value,
    )
    if path is not None:
        weights.save(path, score, _settings(config))
    return weights


def _settings(config: DictConfig) -> dict[str, object]:
    """Say what weights are tuned for."""
    return {
        "run": [str(Path(folder)) for folder in folders(config.run)],
        "language_run": str(Path(str(config.language_run))),
        "search": plain(config.search),
        "metric": plain(config.metric),
    }


def _held_out(config: DictConfig) -> EvaluationSet:
    if (config.source is None) != (config.target is None):
        raise ConfigurationError("source= and target= go together; expected both, or none")
    if config.source is not None:
        return from_files(str(config.source), str(config.target))
    return from_run(Path(folders(config.run)[0]), config.trust, "valid")
