import os
import subprocess
import sys

import pytest

from nmt.config.command_line import configuration, run
from nmt.runtime.errors import ConfigurationError, NmtError


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("model=paralel", r"model=paralel: .*nearest: parallel\); model is one of .*fixed_context"),
        ("model/cell=gruu", r"model/cell=gruu: there is no such choice \(nearest: gru"),
        ("model.encoder.layer=4", r"model.encoder.layer: .*nearest: model.encoder.layers"),
        ("modle.layers=3", r"modle.layers: there is no such key \(nearest: model.layers"),
        ("sed=3", r"sed: there is no such key \(nearest: seed"),
        ("german", r"'german' is not understood; write KEY=VALUE, or --help"),
        ("a b=3", r"'a b=3' is not understood"),
        ("+=no", r"'\+=no' is not understood; write KEY=VALUE"),
        ("+@=x", r"'\+@=x' is not understood"),
        ("seed=" + "9" * 5000, r"^seed=9{5000}: expected a whole number$"),
        ("run=a\udcff", r"^'run=a\\udcff' is not UTF-8; give such a file another name$"),
    ],
)
def test_what_is_misspelt_is_refused_by_name_with_the_nearest(argument, message):
    with pytest.raises(ConfigurationError, match=message):
        configuration("train", [argument], ())


@pytest.mark.parametrize(
    "value",
    [
        "Öl, das (sehr) schön läuft: 'ja' {nein} = \\ 3",
        "Ein Hund.",
        "ä,ö",
        "Preis: ${so} 'viel\\' \\",
        "für,gegen",
    ],
)
def test_values_need_no_quotes_but_those_of_the_shell(value):
    composed = configuration("translate", [f"input={value}"], ())
    assert composed.input == value


def test_lists_of_names_with_umlauts_are_lists():
    composed = configuration("translate", ["run=[läufe/a,läufe/b]"], ())
    assert list(composed.run) == ["läufe/a", "läufe/b"]


def test_words_before_overrides_fill_their_keys():
    composed = configuration("download", ["multi30k", "folder=x"], ("corpus",))
    assert composed.folder == "x"
    with pytest.raises(ConfigurationError, match=r"corpus=multi31k: .*nearest: multi30k"):
        configuration("download", ["multi31k"], ("corpus",))


def test_one_override_reaches_both_encoder_and_decoder_and_one_of_them_alone():
    composed = configuration("train", ["model/cell=gru", "model.encoder.layers=4"], ())
    assert composed.model.encoder.cell._target_ == "nmt.models.cells.gru.GRU"
    assert composed.model.decoder.stack.cell._target_ == "nmt.models.cells.gru.GRU"
    assert composed.model.encoder.layers == 4
    assert composed.model.decoder.layers == 2


def command(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=folder, check=False
    )


def test_a_command_ends_with_one_line_and_status_2(tmp_path):
    ended = command("nmt.train", "modell=parallel", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: modell: there is no such key (nearest: model")
    assert ended.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_help_names_choices_and_keys(tmp_path):
    ended = command("nmt.train", "--help", folder=tmp_path)
    assert ended.returncode == 0
    assert "model/tying: all, none, target" in ended.stdout
    assert "run: runs/default" in ended.stdout
    assert not list(tmp_path.iterdir())


def test_a_refusal_is_one_line_whatever_it_names(monkeypatch, capsys):
    def refuse(config):
        raise NmtError("a\nb\x1b[31m\u2028c")

    monkeypatch.setattr(sys, "argv", ["nmt.translate"])
    assert run("translate", refuse) == 2
    assert capsys.readouterr().err == "error: a b [31m c\n"


def test_a_refusal_that_nobody_can_read_is_one_all_the_same(tmp_path):
    words = [sys.executable, "-m", "nmt.translate", "serach=beam"]
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(words, stderr=write, cwd=tmp_path, check=False)
    os.close(write)
    assert ended.returncode == 2
    closed = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], cwd=tmp_path, check=False)
    assert closed.returncode == 2
