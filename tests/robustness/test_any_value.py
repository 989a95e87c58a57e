"""Any value for any key of any command is accepted, or rejected in one line; no file is made."""

import logging
import random

import pytest
from helpers.configurations import COMMANDS, choices, groups_of
from helpers.fuzzing import cases
from omegaconf import DictConfig

from nmt.config.command_line import _explained, configuration
from nmt.config.instantiate import build, instantiate, settings
from nmt.config.overrides import _keys
from nmt.runtime.device import choose
from nmt.runtime.errors import NmtError
from nmt.train import TranslationSpec
from nmt.train_language_model import LanguageModelSpec

SPECS = {"train": TranslationSpec, "train_language_model": LanguageModelSpec}

PER_CASE = 20
"""Command lines of a case, so that NMT_FUZZ=100 tries 20,000."""

NUMBERS = ["0", "1", "-1", "2", "1.5", "-0.0", "1e-320", "1e-9", "1e30", "1e308", "-1e308", "nan"]
NUMBERS += ["inf", "-inf", "1e400", "9" * 20, "-" + "9" * 400, "9" * 5000, "0x10", "1_0", "007"]
WORDS = ["", " ", "x", "null", "true", "NO", "auto", "cpu", "cuda:9", "a b", "a,b", "~", "~/x"]
WORDS += [
    "ä",
    "\u202e",
    "\ud83d",
    "\0",
    "'",
    '"',
    "\\",
    "\n",
    "=",
    "x" * 300,
    "ä" * 128,
    "x/" * 3000,
]
WORDS += ["${x}", "${run}", "${", "${seed}", "???", "{}", "[]", "{a:1}", "{_target_:int}", "{a:{}}"]
WORDS += ["nmt.search.beam.Beam", "torch.optim.Adam", "os.system", "nmt", ".", "..", "../x", "/"]
FORMS = ["{}", "{}", "{}", "{}", "[{}]", "[{},{}]", "[[{}]]", "'{}'", "{{a:{}}}", "{},{}"]
PREFIXES = ["", "", "", "", "", "", "+", "++", "~"]


def words_of(command, chance):
    """Return one to three arguments with values for keys and choices that exist."""
    words = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        if chance.random() < 0.2 and (groups := list(groups_of(command))):
            group = chance.choice(groups)
            words.append(f"{group}={chance.choice([*choices(group), *WORDS])}")
            continue
        key = chance.choice(KEYS[command])
        value = chance.choice(FORMS).replace("{}", chance.choice(NUMBERS + WORDS))
        words.append(f"{chance.choice(PREFIXES)}{key}={value}")
    return words


logging.getLogger("hydra").setLevel(logging.CRITICAL)  # as commands do

KEYS = {command: sorted(set(_keys(configuration(command, [])))) for command in COMMANDS}


def checked(command, words):
    """Check a command line as the command does before it reads or writes a file."""
    config = configuration(command, words)
    if command in SPECS:
        build(SPECS[command], config, settings=settings(config))
    if "device" in config:
        choose(config.device)
    for key in config:
        if isinstance(config[key], DictConfig) and "_target_" in config[key]:
            instantiate(config[key])


@pytest.mark.parametrize("number", range(cases(10)))
def test_any_value_of_any_key_is_accepted_or_rejected(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chance = random.Random(number)
    for _ in range(PER_CASE):
        command = chance.choice(COMMANDS)
        words = words_of(command, chance)
        try:
            with _explained():
                checked(command, words)
        except NmtError as error:
            assert "\n" not in str(error).strip() or any("\n" in word for word in words), words
        except Exception as error:
            raise AssertionError(f"nmt.{command} {words}") from error
    assert not list(tmp_path.iterdir())
