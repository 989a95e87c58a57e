"""Keys of files and folders take what was typed, and numbers have bounds."""

from pathlib import Path

import pytest
from helpers.configurations import COMMANDS
from omegaconf import OmegaConf

from nmt.config import names
from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.runtime.errors import ConfigurationError

TYPED = ["1.50", "1e3", "2024_01", "true", "NaN", "0x10", "-0", "a,b", "range(1,3)", "a b", "a\\b"]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("translate", "output"),
        ("translate", "input"),
        ("train", "run"),
        ("train", "initial"),
        ("train", "data.train.source"),
        ("rerank", "weights"),
        ("arpa", "pieces"),
        ("gradients", "table"),
        ("evaluate", "target"),
    ],
)
def test_the_name_of_a_file_is_what_was_typed(command, key, typed):
    value = OmegaConf.select(configuration(command, [f"{key}={typed}"]), key)
    assert value == typed or list(value) == [typed]


@pytest.mark.parametrize(
    ("command", "argument", "expected"),
    [
        ("translate", "run=[0.10,R]", ["0.10", "R"]),
        ("translate", "run=[true, 1e3 ,'2_0',\"null\"]", ["true", "1e3", "2_0", "null"]),
        ("evaluate", "against=[[1.50,b],1e3]", [["1.50", "b"], "1e3"]),
        ("evaluate", "hypotheses=[007]", ["007"]),
        ("evaluate", "target=[1.0,2.0]", ["1.0", "2.0"]),
        ("contrast", "wrong=1.0", ["1.0"]),
        ("train", "data.valid.target=[01,2_0.en]", ["01", "2_0.en"]),
    ],
)
def test_names_in_a_list_are_what_was_typed(command, argument, expected):
    composed = configuration(command, [argument])
    value = OmegaConf.select(composed, argument.partition("=")[0])
    assert OmegaConf.to_container(value) == expected


@pytest.mark.parametrize(
    ("command", "key"),
    [("translate", "output"), ("train", "run"), ("train", "prepared"), ("score", "input")],
)
def test_one_name_in_brackets_is_that_name_and_several_are_rejected(command, key):
    assert configuration(command, [f"{key}=[1.50]"])[key] == "1.50"
    for value in ("[a,b]", "[]", "{a:b}"):
        with pytest.raises(ConfigurationError, match=rf"^{key}=.*expected"):
            configuration(command, [f"{key}={value}"])


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("translate", "run=[[a]]"),
        ("translate", "output=[[a]]"),
        ("plot", "output=[[]]"),
        ("evaluate", "hypotheses=[a,[b]]"),
        ("train", "run=[[a]]"),
        ("train", "data.train.source=[[a]]"),
    ],
)
def test_a_list_in_a_list_is_no_name(command, argument):
    with pytest.raises(ConfigurationError, match="expected no list in a list"):
        configuration(command, [argument])


@pytest.mark.parametrize(
    ("command", "arguments", "key", "expected"),
    [
        ("translate", ["run=77", "run=2"], "run", "2"),
        ("translate", ["run=[1.0]", "run=3.10"], "run", "3.10"),
        ("train", ["epochs=2", "epochs=3"], "epochs", 3.0),
        ("generate", ["prompt=1.50", "++prompt=2.50"], "prompt", "2.50"),
        ("train", ["search=beam", "search=greedy"], "search._target_", "nmt.search.greedy.Greedy"),
        (
            "train",
            ["+optimizer.weight_decay=0.1", "+optimizer.weight_decay=0.2"],
            "optimizer.weight_decay",
            0.2,
        ),
    ],
)
def test_of_a_key_given_twice_the_last_one_holds(command, arguments, key, expected):
    assert OmegaConf.select(configuration(command, arguments), key) == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_the_home_folder_is_expanded_in_each_name(command, monkeypatch):
    monkeypatch.setenv("HOME", "/here")
    keys = [key for key in configuration(command, []) if names.is_name(key)]
    assert keys
    for key in keys:
        value = configuration(command, [f"{key}=~/x y"])[key]
        assert value == "/here/x y" or list(value) == ["/here/x y"]


def test_the_home_folder_is_expanded_in_lists_and_below_interpolations(monkeypatch):
    monkeypatch.setenv("HOME", "/h")
    assert list(configuration("translate", ["run=[~/a,b~/c,~d]"]).run) == ["/h/a", "b~/c", "~d"]
    composed = configuration("train", ["data.folder=~/c"])
    assert composed.data.train.source == "/h/c/train.de"


@pytest.mark.parametrize(
    "name", ["x" * 256, "a/" + "ä" * 128, "\0", "a\0b"], ids=["long", "umlauts", "nul", "inside"]
)
@pytest.mark.parametrize("form", ["run={}", "run=[{}]", "run=[a,{}]"])
def test_a_name_that_no_file_system_holds_is_rejected(form, name):
    with pytest.raises(ConfigurationError, match=r"^run="):
        configuration("translate", [form.format(name)])
    assert configuration("translate", ["run=" + "x" * 255]).run == "x" * 255


@pytest.mark.parametrize(
    "value", ["1" + "0" * 31, "-" + "9" * 400, "1e308", "-1e308", "nan", "9" * 400]
)
@pytest.mark.parametrize(
    "key", ["accumulate", "updates", "clip_norm", "batches.budget", "search.length_extra", "seed"]
)
def test_numbers_beyond_all_use_are_rejected_with_their_key(key, value):
    with pytest.raises(ConfigurationError, match=rf"^{key}="):
        configuration("train", [f"{key}={value}"])


@pytest.mark.parametrize("value", ["[x]", "{a:1}", "[1,[2]]"])
@pytest.mark.parametrize("key", ["device", "accumulate", "epochs", "tokenizer.normalization"])
def test_a_list_or_mapping_where_one_value_belongs_is_rejected(key, value):
    with pytest.raises(ConfigurationError, match=rf"^{key}="):
        configuration("train", [f"{key}={value}"])


@pytest.mark.parametrize("value", [[0.9], [0.9, 0.99, 0.999], 0.9, "x", [0.9, "x"], {"a": 1}])
def test_a_value_is_checked_by_the_annotation_of_its_constructor(value):
    node = {"_target_": "torch.optim.Adam", "_partial_": True, "betas": value}
    with pytest.raises(ConfigurationError, match=r"^betas=.*expected"):
        instantiate(node)


def test_the_key_of_a_group_names_how_to_choose():
    for key, choice in (("model.cell", "gru"), ("model.tying", "none")):
        group = key.replace(".", "/")
        with pytest.raises(ConfigurationError, match=f"write {group}={choice}"):
            configuration("train", [f"{key}={choice}"])


def test_a_folder_of_configurations_may_lie_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    Path(tmp_path / "1.50" / "experiment").mkdir(parents=True)
    (tmp_path / "1.50" / "experiment" / "mine.yaml").write_text("# @package _global_\nrun: ~/x\n")
    composed = configuration("train", ["configs=~/1.50", "experiment=mine"])
    assert composed.run == f"{tmp_path}/x"
