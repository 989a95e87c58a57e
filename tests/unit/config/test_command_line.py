import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nmt.config.command_line import configuration, run
from nmt.runtime.errors import ConfigurationError, NmtError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("model=paralel", r"model=paralel: .*nearest: parallel\); model is one of .*fixed_context"),
        ("model/cell=gruu", r"model/cell=gruu: there is no such choice \(nearest: gru"),
        ("model.cell=gru", r"^model.cell=gru: write model/cell=gru, as it is a choice$"),
        (
            "validation_search=beam",
            r"^validation_search=beam: write search@validation_search=beam, as it is a choice$",
        ),
        ("validation_search=bim", r"^validation_search=bim: expected keys below it, or a choice$"),
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
def test_misspelt_keys_and_choices_are_refused_with_the_nearest_names(argument, message):
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


def test_names_with_umlauts_are_parsed_in_lists():
    composed = configuration("translate", ["run=[läufe/a,läufe/b]"], ())
    assert list(composed.run) == ["läufe/a", "läufe/b"]


def test_arguments_without_a_key_select_choices():
    composed = configuration("download", ["multi30k", "folder=x"], ("corpus",))
    assert composed.folder == "x"
    with pytest.raises(ConfigurationError, match=r"corpus=multi31k: .*nearest: multi30k"):
        configuration("download", ["multi31k"], ("corpus",))


def test_arguments_without_a_key_are_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.de", "Öl, (neu).de", "123"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    for name in ("a.de", "Öl, (neu).de", "starter:test", "123"):
        composed = configuration("translate", ["starter_suffix=.en", name], ("input",))
        assert composed.input == name
    several = ["a.de", "target=b", "Öl, (neu).de"]
    composed = configuration("evaluate", several, ("hypotheses...",))
    assert list(composed.hypotheses) == ["a.de", "Öl, (neu).de"]
    composed = configuration("plot", ["lengths", "a.de", "123"], ("plot", "input..."))
    assert list(composed.input) == ["a.de", "123"]
    for name in ("b.de", "folder", "-"):
        with pytest.raises(
            ConfigurationError, match=rf"^'{name}' is not .*: there is no such file"
        ):
            configuration("translate", [name], ("input",))
    with pytest.raises(ConfigurationError, match=r"^'123' is not understood; write KEY=VALUE"):
        configuration("translate", ["a.de", "123"], ("input",))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A user's folder of configurations, below the working directory: a cell, an experiment."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "model/cell/mine.yaml": (
            "# A cell of mine.\n_target_: nmt.models.cells.lstm.LSTM\n_partial_: true\n"
            "forget_bias: 0.5  # lower\n"
        ),
        "experiment/mine.yaml": (
            "# @package _global_\ndefaults:\n  - override /model/cell: mine\nupdates: 7\n"
        ),
        "extra/mine.yaml": "# @package _global_\nseed: 5\n",
    }.items():
        path = tmp_path / "mine, all" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def test_choices_in_a_folder_of_the_user_are_found_beside_those_that_ship(own):
    composed = configuration("train", ["configs=mine, all", "experiment=mine", "+extra=mine"])
    assert composed.model.cell.forget_bias == 0.5
    assert (composed.updates, composed.seed) == (7, 5)
    assert "configs" not in composed
    composed = configuration("train", ["model/cell=mine", "configs=mine, all", "seed=3"])
    assert composed.model.encoder.cell.forget_bias == 0.5
    composed = configuration("train", ["experiment=multi30k", "configs=mine, all"])
    assert composed.run == "runs/multi30k"
    with pytest.raises(
        ConfigurationError, match=r"cell=mine: there is no such choice \(nearest: min"
    ):
        configuration("train", ["model/cell=mine"])
    with pytest.raises(ConfigurationError, match=r"experiment is one of [a-z0-9_, ]*mine"):
        configuration("train", ["experiment=min", "configs=mine, all"])


def test_several_folders_of_the_user_are_searched(own):
    (own / "b" / "data").mkdir(parents=True)
    (own / "b" / "data" / "b.yaml").write_text("name: b\n")
    for given in (["configs=mine, all", "configs=b"], ["configs=[b]", "configs=mine, all"]):
        composed = configuration("train", [*given, "data=b", "experiment=mine"])
        assert (composed.data.name, composed.updates) == ("b", 7)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (None, "", r"^configs=new: there is no such folder$"),
        (
            "model/cell/gru.yaml",
            "",
            r"^configs=new: model/cell/gru.yaml has the name of .*rename it",
        ),
        ("model/cell/new.yaml", "a: [1", r"while parsing a flow sequence in .*new/model/cell/new"),
        ("model/cell/new.yaml", "a: ${b", r"no viable alternative at input .* full_key: a"),
    ],
)
def test_a_folder_of_the_user_that_cannot_be_used_is_refused(own, file, text, message):
    if file:
        (own / "new" / file).parent.mkdir(parents=True)
        (own / "new" / file).write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        configuration("train", ["configs=new", "model/cell=new"])


def test_help_shows_what_the_arguments_choose_with_the_comments_of_their_files(
    own, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["", "configs=mine, all", "--help", "experiment=mine"])
    assert run("train", pytest.fail) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "cell: # A cell of mine.",
        "forget_bias: 0.5 # lower",
        "updates: 7 # steps of the optimizer; null is no limit",
        "experiment: mine, multi30k, multi30k_fast, why_attention [mine]",
        "search@validation_search: beam, beam_10, greedy, sample [greedy]",
        "resumption: exact, fork [exact]",
    ):
        assert line in lines
    monkeypatch.setattr(sys, "argv", ["", "-h"])
    assert run("train_language_model", pytest.fail) == 0
    text = capsys.readouterr().out
    assert "\n  model/readout: linear, maxout, tanh [linear]\n" in text
    assert "lstm, min_gru, state_dropout, zoneout [lstm]\n" in text


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


def test_an_error_is_one_line_whatever_it_quotes(monkeypatch, capsys):
    def refuse(config):
        raise NmtError("a\nb\x1b[31m\u2028c")

    monkeypatch.setattr(sys, "argv", ["nmt.translate"])
    assert run("translate", refuse) == 2
    assert capsys.readouterr().err == "error: a b [31m c\n"


def test_the_status_is_2_even_if_stderr_is_closed(tmp_path):
    words = [sys.executable, "-m", "nmt.translate", "serach=beam"]
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(words, stderr=write, cwd=tmp_path, check=False)
    os.close(write)
    assert ended.returncode == 2
    closed = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], cwd=tmp_path, check=False)
    assert closed.returncode == 2


COMMANDS = sorted(path.stem for path in (ROOT / "conf").glob("[!_]*.yaml"))


def groups(folders, name):
    """Return the groups of a configuration's defaults list and of all the files that it names."""
    file = next(path for one in folders if (path := one / f"{name}.yaml").exists())
    found, above = set(), name.rpartition("/")[0]
    for default in (yaml.safe_load(file.read_text("utf-8")) or {}).get("defaults", []):
        key, choice = ("", default) if isinstance(default, str) else next(iter(default.items()))
        if choice == "_self_":
            continue
        group = key.removeprefix("override ").removeprefix("optional ")
        plain, _, package = group.partition("@")
        group = plain if plain.endswith(f"/{package}") else group  # its package by default
        if group:
            found.add(group.lstrip("/") if group[0] == "/" else f"{above}/{group}".lstrip("/"))
        path = "/".join(filter(None, [group.partition("@")[0], str(choice).partition("@")[0]]))
        if choice is not None and "${" not in path:
            path = path if path[0] == "/" else f"{above}/{path}"
            found |= groups(folders, path.lstrip("/"))
    return found


@pytest.mark.parametrize("name", [*COMMANDS, "recall"])
def test_help_lists_the_groups_of_all_nested_defaults_lists(name, monkeypatch, capsys):
    home = ROOT / "benchmarks" / "recall" / "conf" if name == "recall" else None
    expected = groups([home or ROOT, ROOT / "conf"], name)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    assert run(name, lambda config: None, home=home) == 0
    listed = {line.strip().partition(": ")[0] for line in capsys.readouterr().out.splitlines()}
    assert expected - listed == set()
