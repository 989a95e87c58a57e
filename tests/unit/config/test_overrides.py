import sys

import pytest
from helpers.configurations import COMMANDS, ROOT, groups_of
from omegaconf import OmegaConf

from nmt.config.command_line import configuration, run
from nmt.runtime.errors import ConfigurationError


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("experiment=multi3k", r"experiment=multi3k: .*nearest: multi30k"),
        ("averaging=null", r"averaging=null: there is no such choice; averaging is one of"),
        ("data=null", r"data=null: there is no such choice"),
        ("data.train=null", r"data.train=null: expected keys below it, or a choice"),
        ("=3", r"\(empty\): there is no such key"),
        ("run=null", r"run=null: expected text"),
        ("device=null", r"device=null: expected text"),
        ("seed=abc", r"seed=abc: expected a whole number"),
        ("seed=1.5", r"seed=1.5: expected a whole number"),
        ("accumulate=1.5", r"accumulate=1.5: expected a whole number"),
        ("clip_norm=abc", r"clip_norm=abc: expected a number"),
        ("batches.budget=abc", r"batches.budget=abc: expected a whole number"),
        ("model.encoder.layers=two", r"model.encoder.layers=two: expected a whole number"),
        ("tokenizer.byte_fallback=3", r"tokenizer.byte_fallback=3: expected true or false"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_key(argument, message):
    with pytest.raises(ConfigurationError, match=message):
        configuration("train", [argument], ())


def test_values_take_the_type_of_the_default():
    composed = configuration(
        "train", ["run=2024", "epochs=3", "tokenizer.symbols=abc", "patience=null"], ()
    )
    assert composed.run == "2024"
    assert type(composed.epochs) is float
    assert list(composed.tokenizer.symbols) == ["abc"]
    assert composed.patience is None
    assert list(configuration("translate", ["trust=mine"], ()).trust) == ["mine"]
    assert list(configuration("translate", ["run=[a,b]"], ()).run) == ["a", "b"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("+seeed=3", r"^\+seeed: nothing reads such a key \(nearest: seed\)$"),
        ("+seeed=null", r"^\+seeed: nothing reads such a key"),
        ("++seeed=3", r"^\+seeed: nothing reads such a key"),
        ("+seed.more=3", r"^\+seed.more: nothing reads such a key"),
        ("+model.layer=3", r"^\+model.layer: nothing reads .*nearest: model.layers"),
        ("+new.key=3", r"^\+new.key: nothing reads such a key"),
        ("+engine=torch", r"^\+engine: nothing reads such a key"),
        ("+metric@metrics.ter=ter", r"^\+metrics.ter: nothing reads such a key"),
        ("+batches.budgt=3", r"^batches.budgt: .*Batches has no such value \(nearest: budget\)$"),
        ("+optimizer.weight=1", r"^optimizer.weight: torch.* no such value \(nearest: weight_d"),
    ],
)
def test_a_key_that_is_added_and_that_nothing_reads_is_refused(argument, message):
    with pytest.raises(ConfigurationError, match=message):
        configuration("train", [argument])


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("train", ["+optimizer.weight_decay=0.1"]),
        ("train", ["++seed=3"]),
        ("train", ["+width=16", "model.layers=${width}"]),
        ("evaluate", ["+metric@metrics.lowercase=lowercase_bleu"]),
        ("evaluate", ["+metrics.mine._target_=nmt.evaluation.metrics.ter.TER"]),
        ("gradients", ["+model/cell@cells.mine=irnn", "cells.mine.scale=0.9"]),
    ],
)
def test_a_key_that_is_added_may_be_one_of_a_constructor_or_the_name_of_a_part(command, arguments):
    assert configuration(command, arguments)


def test_no_value_has_the_name_of_a_group_whose_choice_it_would_be():
    groups = {path.name for path in ROOT.iterdir() if path.is_dir()}
    configs = [OmegaConf.load(ROOT / f"{command}.yaml") for command in COMMANDS]
    assert not [
        key
        for node in configs
        for key in node
        if key in groups and not OmegaConf.is_dict(node[key])
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_all_groups_and_explains_the_keys_of_a_command(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [f"nmt.{command}", "--help"])
    assert run(command, pytest.fail) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"python -m nmt.{command} ")
    for group in groups_of(command):
        assert f"\n  {group}: " in text
    keys = {str(key) for key in OmegaConf.load(ROOT / f"{command}.yaml")} - {"defaults"}
    lines = {line.partition(":")[0]: line for line in text.splitlines() if line[:1].isalpha()}
    unexplained = {"fetch", "objective", "schedule", "windows"}  # whose keys have comments
    assert not [key for key in keys - unexplained if "  # " not in lines[key]]
