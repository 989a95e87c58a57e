"""`conf/`: every choice of every group composes, and names classes of its own package."""

from itertools import zip_longest

import pytest
import yaml
from helpers.configurations import COMMANDS, ROOT, choices, groups_of
from omegaconf import OmegaConf

from nmt.config.command_line import configuration
from nmt.runtime.errors import NmtError

PACKAGES = {
    "averaging": "nmt.training.averaging",
    "batches": "nmt.data.batching",
    "contrasts": None,  # names files
    "corpus": "nmt.data.download",
    "criterion": "nmt.training.validation",
    "data": "nmt.data.corpora",
    "decision": "nmt.inference.decisions",
    "engine": "nmt.inference.engines",
    "experiment": None,  # overrides the values of other groups
    "filter": "nmt.data.corpora.filters",
    "fusion": "nmt.inference.shallow_fusion",
    "horizontal": "nmt.analysis.plots",
    "invalid_text": "nmt.data.text.invalid_text",
    "language_experiment": None,
    "language_model": "nmt.models",
    "logger": "nmt.training.loggers",
    "long_lines": "nmt.inference.long_lines",
    "sentences": "nmt.inference.sentences",
    "metric": "nmt.evaluation.metrics",
    "model": "nmt.models",
    "model/attention": "nmt.models.attention",
    "model/bridge": "nmt.models.bridges",
    "model/cell": "nmt.models.cells",
    "model/decoder": "nmt.models",
    "model/encoder": "nmt.models.encoders",
    "model/normalization": "torch.nn",
    "model/readout": "nmt.models.readouts",
    "model/tying": "nmt.models.embeddings",
    "noise": "nmt.data.transforms",
    "number_format": "nmt.inference.export.number_formats",
    "objective": "nmt.training.objectives",
    "optimizer": "torch.optim",
    "output_format": "nmt.inference.output_formats",
    "plot": "nmt.analysis.plots",
    "precision": "nmt.models.precision",
    "resumption": "nmt.training.resumption",
    "schedule": "nmt.training.schedules",
    "search": "nmt.search",
    "search/length_penalty": "nmt.search.length_penalties",
    "segmentation": "nmt.data.batching",
    "shortlist": "nmt.search.shortlists",
    "side": "nmt.data.sides",
    "text_batching": "nmt.training.text_batching",
    "tokenizer": "nmt.data.tokenization.training",
    "vocabulary": "nmt.data.tokenization.training",
    "windows": "nmt.data.windows",
}
"""For each group the package or module whose classes its files name; None where they name none."""


def targets(node):
    """Yield the classes that a node names, at any depth."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "_target_":
            yield value
        elif isinstance(value, dict | list):
            yield from targets(value)


def test_each_group_names_classes_of_the_package_that_it_is_called_after():
    groups = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_dir()}
    assert groups == set(PACKAGES)
    wrong = []
    for group, package in PACKAGES.items():
        for path in (ROOT / group).glob("*.yaml"):
            for target in targets(yaml.safe_load(path.read_text(encoding="utf-8"))):
                if package is None or not target.startswith(f"{package}."):
                    wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert not wrong


def rounds(groups):
    """Yield overrides, one of each group, until each choice of each group has had its turn."""
    named = [[f"{group}={choice}" for choice in choices(group)] for group in groups]
    for row in zip_longest(*named):
        yield [one for one in row if one]


def error_of(command, overrides):
    try:
        OmegaConf.to_container(configuration(command, overrides, ()), resolve=True)
    except NmtError as error:
        return f"{command} {' '.join(overrides)}: {error}"
    return None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_choice_of_every_group_of_a_command_composes(command):
    # Those of model and model/* also build (tests/unit/config/test_factory.py).
    own = [group for group in groups_of(command) if group != "model"]
    # A choice on the command line replaces that of an experiment, which composes without others.
    experiments = [group for group in own if group.endswith("experiment")]
    together = [
        *rounds(group for group in own if group not in experiments),
        *rounds(experiments),
    ]
    if "search" in own:
        together += [["search=beam", *one] for one in rounds(["search/length_penalty"])]
    wrong = []
    for overrides in together:
        if message := error_of(command, overrides):
            wrong += [error_of(command, [one]) for one in overrides] + [message]
    assert not [message for message in wrong if message]
