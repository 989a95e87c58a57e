"""Scores translations: `python -m nmt.evaluate run=runs/a source=test.de target=test.en`.

Without `source=` and `target=` the test set is that of the run's training. Existing translations
are scored by `hypotheses=[a.en,b.en] target=test.en`, and `against=[runs/b]` compares systems by
paired bootstrap; the first system is the baseline.

From Python, the same with the same arguments; the result holds all numbers:
    >>> report = nmt.evaluate("run=runs/default", "source=test.de", "target=test.en")
    test.de, test.en: 10 lines
    ...
    >>> [score["metric"] for score in report["systems"][0]["scores"]]
    ['BLEU', 'chrF2', 'TER']
"""

import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nmt.config import arguments
from nmt.config.command_line import CommandModule, run
from nmt.inspection import data_config
from nmt.inspection.model_folder import inspect_all
from nmt.runtime.errors import ConfigurationError


def evaluate(config: DictConfig) -> dict[str, Any]:
    """Score runs or files of translations; a table goes to stdout, all numbers to output=FILE.

    Returns:
        all numbers.
    """
    arguments.output(config.output)
    if config.source is not None and config.target is None:
        raise ConfigurationError(f"source={config.source} needs target=FILE, its references")
    against = [arguments.folders(one) for one in config.against]
    systems = against if config.hypotheses else [arguments.folders(config.run), *against]
    if systems and config.target is not None and config.source is None:
        raise ConfigurationError("target= needs source=FILE where a run is to translate")
    trust = arguments.several(config.trust)
    inspect_all([folder for system in systems for folder in system], ("model",), trust)
    if isinstance(config.fusion.run, str):
        inspect_all([config.fusion.run], ("language_model",), trust)
    if config.target is None:
        data_config.corpus_node(Path(arguments.folders(config.run)[0]), trust, "test")
    # Imported after that look, as it imports torch.
    from nmt.commands import evaluate as work

    return work.evaluate(config)


sys.modules[__name__].__class__ = CommandModule  # so that `nmt.evaluate(...)` evaluates

if __name__ == "__main__":
    sys.exit(run("evaluate", evaluate, ("hypotheses...",)))
