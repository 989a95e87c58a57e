"""Translations of a test set, by runs or from files, and their scores."""

import json
import logging
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig

from nmt.config import arguments
from nmt.config.arguments import folders
from nmt.config.instantiate import instantiate, plain
from nmt.evaluation.report import Evaluation, SystemOutput, report, table
from nmt.evaluation.test_sets import EvaluationSet, from_files, from_run, read
from nmt.inference.scorer_options import ScorerOptions
from nmt.inference.translator import Translator
from nmt.runtime import allocator, atomic_files, checks, device, provenance

log = logging.getLogger(__name__)


def evaluate(config: DictConfig) -> dict[str, Any]:
    """Score runs or files of translations; a table goes to stdout, all numbers to output=FILE."""
    allocator.keep_freed_blocks()
    device.set_threads(config.threads)
    output = arguments.output(config.output)
    metrics = [instantiate(node) for node in config.metrics.values()]
    bounds = _several(config.by_length)
    for bound in bounds:
        checks.integer("by_length", bound, 0)
    evaluation = Evaluation(metrics, bounds, config.samples)
    benchmark = _benchmark(config)
    systems = [*_written(config), *_translated(config, benchmark)]
    logging.getLogger("sacrebleu").setLevel(logging.WARNING)  # it narrates each resampling
    judgements = evaluation(benchmark, systems)
    sys.stdout.write(table(benchmark, judgements))
    numbers = report(benchmark, judgements, _versions(config.device))
    if output is not None:
        text = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
        atomic_files.write(output, text.encode())
        log.info("wrote %s", output)
    return numbers


def _benchmark(config: DictConfig) -> EvaluationSet:
    if config.target is not None:
        return from_files(config.source, str(config.target))
    first = folders(config.run)[0]
    if config.hypotheses:
        log.info("references are those of %s; target=FILE names others", first)
    return from_run(Path(first), _several(config.trust), "test")


def _written(config: DictConfig) -> Iterator[SystemOutput]:
    """Read translations that somebody made before."""
    for name in _several(config.hypotheses):
        yield SystemOutput(str(name), read(str(name)), {})


def _translated(config: DictConfig, benchmark: EvaluationSet) -> Iterator[SystemOutput]:
    """Translate the test set with each run; files, where there are any, stand for the first."""
    against = _several(config.against)
    systems = against if config.hypotheses else [config.run, *against]
    for system in systems:
        assert benchmark.source is not None
        members = folders(system)
        name = " + ".join(members)
        translator = Translator.load(
            members,
            search=instantiate(config.search),
            long_lines=instantiate(config.long_lines),
            windows=instantiate(config.windows),
            device=config.device,
            trust=_several(config.trust),
            assembly=ScorerOptions.of(config),
        )
        translator = translator.shared(config.workers, config.threads)
        log.info("translating %d lines with %s", len(benchmark.source), name)
        yield SystemOutput(name, translator.translate(benchmark.source), _settings(config))


def _several(values: Any) -> list[Any]:
    """Give the elements of a list, or the one value that was written without brackets."""
    return list(values) if isinstance(values, ListConfig) else [values]


def _settings(config: DictConfig) -> dict[str, Any]:
    """Say what decides, besides the model, how a line is translated."""
    return {
        "search": plain(config.search),
        "long_lines": plain(config.long_lines),
        "precision": plain(config.precision),
        "shortlist": plain(config.shortlist),
        "fusion": plain(config.fusion),
    }


def _versions(name: str) -> dict[str, str]:
    return {
        "commit": str(provenance.commit()),
        "machine": provenance.machine(device.choose(name)),
        "sacrebleu": version("sacrebleu"),
    }
