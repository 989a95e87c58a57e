"""`python -m nmt.contrast run=[runs/lm,runs/a]`: how often models prefer right lines to wrong ones.

The lines of the starter corpus test the number of verbs ("the writer of the books is", not "are"),
by the nouns between subject and verb. Your own: `contrasts=files right=FILE wrong=[FILE,FILE]`,
with `groups=FILE` for labels, and `source=FILE` for translation models. A tie counts as wrong.
"""

import logging
import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from nmt.config import arguments
from nmt.config.command_line import run
from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable
from nmt.inspection.model_folder import ANY, InspectedModel, inspect_all
from nmt.runtime import allocator, output_files
from nmt.runtime.errors import ConfigurationError

log = logging.getLogger(__name__)


def contrast(config: DictConfig) -> None:
    """Print a table of accuracies, a column per run; write numbers for nmt.plot to output=FILE."""
    models = inspect_all(arguments.folders(config.run), ANY, config.trust)
    # Imported only now, as they import torch.
    from nmt.config.instantiate import instantiate
    from nmt.evaluation.contrastive.contrasts import count_correct, read_contrasts
    from nmt.evaluation.likelihood import load_scorer
    from nmt.runtime.device import choose, set_threads

    allocator.keep_freed_blocks()
    set_threads(config.threads)
    device = choose(config.device)
    output = arguments.output(config.output)
    right, wrongs = str(config.right), arguments.several(config.wrong)
    _check(models, wrongs, config.source)
    source, groups = arguments.name(config.source), arguments.name(config.groups)
    contrasts = read_contrasts(right, wrongs, source, groups, instantiate(config.invalid_text))
    counts: list[AccuracyCount] = []
    for model in models:
        scorer = load_scorer(model, instantiate(config.windows), device)
        log.info("scoring %d lines with %s", len(contrasts) * (1 + len(wrongs)), model.folder)
        counts += count_correct(str(model.folder), scorer, contrasts)
    table = AccuracyTable("run", str(config.label), counts)
    output_files.print_text(table.text())
    if output is not None:
        table.write(output, (), [()] * len(counts))


def _check(models: Sequence[InspectedModel], wrongs: Sequence[object], source: object) -> None:
    folders = [model.folder for model in models]
    if len(set(folders)) < len(folders):
        raise ConfigurationError(
            f"run={[str(folder) for folder in folders]}: expected each run once"
        )
    if not wrongs:
        raise ConfigurationError("wrong=[] names no file; expected at least one")
    for model in models:
        if model.kind == "model" and source is None:
            raise ConfigurationError(
                f"{model.folder} holds a translation model: give source=FILE, whose lines the"
                " lines translate"
            )


if __name__ == "__main__":
    sys.exit(run("contrast", contrast))
