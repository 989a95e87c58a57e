"""`python -m nmt.evaluate run=runs/a source=test.de target=test.en`: score translations.

Without `source=` and `target=` the test set is that of the run's training; `target=[a.en,b.en]` has
two references for each line. Existing translations are scored by `hypotheses=[a.en,b.en]
target=test.en`, and `against=[runs/b]` compares systems by paired bootstrap; the first system is
the baseline.

From Python, the same with the same arguments; the result holds all numbers:
    >>> report = nmt.evaluate("run=runs/default", "source=test.de", "target=test.en")
    test.de, test.en: 10 lines
    ...
    >>> [score["metric"] for score in report["systems"][0]["scores"]]
    ['BLEU', 'chrF2', 'TER']
"""

import json
import logging
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nmt.config import arguments
from nmt.config.command_line import CommandModule, run
from nmt.config.instantiate import build, instantiate, plain
from nmt.evaluation.report import Evaluation, SystemOutput, report, table
from nmt.evaluation.test_sets import EvaluationSet, from_files, from_run, read
from nmt.inference.engines.engine import EngineOptions
from nmt.inference.engines.pytorch import TorchEngine
from nmt.runtime import checks, output_files
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def evaluate(config: DictConfig) -> dict[str, Any]:
    """Score runs or files of translations; a table goes to stdout, all numbers to output=FILE.

    Returns:
        all numbers, as output=FILE has them.
    """
    output = arguments.output(config.output)
    systems = _systems(config)
    trust = arguments.several(config.trust)
    options = [build(EngineOptions, config, runs=runs, trust=trust) for runs in systems]
    loaders = [TorchEngine().inspect(of_system) for of_system in options]
    metrics = [instantiate(node) for node in config.metrics.values()]
    limits = arguments.values(config.by_length)
    for limit in limits:
        checks.integer("by_length", limit, 0)
    evaluation = Evaluation(metrics, limits, config.samples)
    test_set = _test_set(config, trust)
    outputs = [SystemOutput(name, read(name), {}) for name in arguments.several(config.hypotheses)]
    for runs, load in zip(systems, loaders, strict=True):
        assert test_set.source is not None
        name = " + ".join(runs)
        log.info("translating %d lines with %s", len(test_set.source), name)
        outputs.append(SystemOutput(name, load().translate(test_set.source), _settings(config)))
    logging.getLogger("sacrebleu").setLevel(logging.WARNING)  # it logs each resampling
    scores = evaluation(test_set, outputs)
    output_files.print_text(table(test_set, scores))
    numbers = report(test_set, scores, _versions(config.device))
    if output is not None:
        text = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
        output_files.write(output, text.encode())
        log.info("wrote %s", output)
    return numbers


def _systems(config: DictConfig) -> list[list[str]]:
    """Return the runs of each system that is to translate."""
    if config.source is not None and config.target is None:
        raise ConfigurationError(f"source={config.source} needs target=FILE, its references")
    systems = [arguments.folders(runs) for runs in arguments.values(config.against)]
    if not config.hypotheses:
        systems.insert(0, arguments.folders(config.run))
    if systems and config.target is not None and config.source is None:
        raise ConfigurationError("target= needs source=FILE where a run is to translate")
    return systems


def _test_set(config: DictConfig, trust: list[str]) -> EvaluationSet:
    if config.target is not None:
        return from_files(config.source, *_references(config.target))
    first = Path(arguments.folders(config.run)[0])
    if config.hypotheses:
        log.info("references are those of %s; target=FILE names others", first)
    return from_run(first, trust, "test")


def _references(names: object) -> list[str]:
    if not (listed := arguments.several(names)):
        raise ConfigurationError("target=[] names no references; expected a file, or several")
    return listed


def _settings(config: DictConfig) -> dict[str, Any]:
    """Return what decides, besides the model, how a line is translated."""
    names = ("search", "sentences", "long_lines", "precision", "shortlist", "fusion")
    return {name: plain(config[name]) for name in names}


def _versions(device: str) -> dict[str, str]:
    from nmt.runtime import provenance
    from nmt.runtime.device import choose

    return {
        "commit": str(provenance.commit()),
        "machine": provenance.machine(choose(device)),
        "sacrebleu": version("sacrebleu"),
    }


sys.modules[__name__].__class__ = CommandModule  # so that `nmt.evaluate(...)` evaluates

if __name__ == "__main__":
    sys.exit(run("evaluate", evaluate, ("hypotheses...",)))
