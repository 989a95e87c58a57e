import pytest
from helpers.configurations import COMMANDS, groups_of

from nmt.config.command_line import configuration, usage
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
def test_a_value_of_another_kind_is_refused_by_its_key(argument, message):
    with pytest.raises(ConfigurationError, match=message):
        configuration("train", [argument], ())


def test_values_become_what_stands_in_their_place():
    composed = configuration(
        "train", ["run=2024", "epochs=3", "tokenizer.symbols=abc", "patience=null"], ()
    )
    assert composed.run == "2024"
    assert type(composed.epochs) is float
    assert list(composed.tokenizer.symbols) == ["abc"]
    assert composed.patience is None
    assert list(configuration("translate", ["trust=mine"], ()).trust) == ["mine"]
    assert list(configuration("translate", ["run=[a,b]"], ()).run) == ["a", "b"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_group_of_the_defaults(command):
    def described() -> None:
        """Do it."""

    text = usage(command, described, ())
    for group in groups_of(command):
        assert f"  {group.split('@')[0]}: " in text
