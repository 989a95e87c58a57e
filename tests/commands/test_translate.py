import io
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import small_run
from helpers.folders import seal
from helpers.saved_models import LINES, save

import nmt.models.precision
from nmt.config.command_line import configuration, run
from nmt.config.instantiate import instantiate
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.ragged import Ragged
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inference.translator import Translator
from nmt.models.precision import has_bfloat16
from nmt.search.greedy import Greedy
from nmt.translate import translate

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a small model with random weights."""
    return save(tmp_path_factory.mktemp("run"), 46)


def command(monkeypatch, capfd, given, *arguments):
    """Run the command in this process; give status, output and log."""
    monkeypatch.setattr(sys, "argv", ["nmt.translate", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    handlers, level = logging.root.handlers[:], logging.root.level
    status = run("translate", translate)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    found = capfd.readouterr()
    return status, found.out, found.err


def test_the_command_writes_one_line_for_each_line(monkeypatch, capfd, saved):
    given = "Der Hund läuft hier.\r\n\n \nDas Kind\x00sitzt\u2028hier.\nDie Katze".encode()
    lines = ["Der Hund läuft hier.", "", "", "Das Kind sitzt hier.", "Die Katze"]
    arguments = [f"run={saved}", "search=greedy", "search.length_extra=3"]
    translator = Translator.load(saved, search=Greedy(2.0, 3))
    status, out, err = command(monkeypatch, capfd, given, *arguments)
    assert status == 0
    assert out == "".join(f"{text}\n" for text in translator.translate(lines))
    assert err.splitlines()[-1].startswith("translated 5 lines in ")
    odd = "Der Hu\u00adnd.\n".encode()
    status, out, err = command(monkeypatch, capfd, odd, *arguments)
    assert out == f"{translator.translate(['Der Hund.'])[0]}\n"
    assert err.splitlines()[-1].endswith(" lines/s, 1 invisible characters left out")
    assert command(monkeypatch, capfd, b"", *arguments)[:2] == (0, "")
    assert command(monkeypatch, capfd, b"\n", *arguments)[:2] == (0, "\n")


def test_the_command_reads_and_writes_files(monkeypatch, capfd, saved, tmp_path):
    source, output = tmp_path / "in.de", tmp_path / "out.jsonl"
    source.write_text("\n".join(LINES[:3]) + "\n", encoding="utf-8")
    arguments = [f"run=[{saved},{saved}]", f"input={source}", f"output={output}"]
    best = ["search.size=3", "search.best=2", "output_format=jsonl"]
    status, out, _ = command(monkeypatch, capfd, b"not read", *arguments, *best)
    assert (status, out) == (0, "")
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [one["source"] for one in found] == LINES[:3]
    assert all(len(one["hypotheses"]) == 2 for one in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=runs/none"], "train one with: python -m nmt.train run=runs/none"),
        (["run=[]"], "run=[] names no model; expected a run's folder"),
        (["search=bem"], "search=bem: there is no such choice (nearest: beam"),
        (["search.size=0"], "search.size=0: expected 1 or more"),
        (["search.size=viele"], "search.size=viele: expected a whole number"),
        (["search=sample", "search.top_p=2.0"], "search.top_p=2.0: expected more than 0 and at"),
        (["windows.lines=0"], "windows.lines=0: expected 1 or more"),
        (["long_lines.max_pieces=0"], "long_lines.max_pieces=0: expected 1 or more"),
        (["input=nothing.de"], "nothing.de cannot be read: No such file"),
        (["device=tpu9"], "device=tpu9 "),
    ],
)
def test_what_the_command_refuses_is_one_line(monkeypatch, capfd, saved, arguments, message):
    status, out, err = command(monkeypatch, capfd, b"Hund\n", f"run={saved}", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_text_that_is_none_stops_the_command_that_is_told_to(monkeypatch, capfd, saved, tmp_path):
    output = tmp_path / "out.en"
    arguments = [f"run={saved}", "search=greedy", "invalid_text=stop", f"output={output}"]
    status, _, err = command(monkeypatch, capfd, b"Hund\nsch\xf6n\n", *arguments)
    assert status == 2
    assert err.startswith("error: standard input:2: byte 0xf6 at 4 is not UTF-8; save the text")
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "overrides",
    [["search=greedy"], ["search=sample"]]
    + [[f"search/length_penalty={name}"] for name in ("gnmt", "average", "none")],
)
def test_every_search_of_the_configuration_can_be_chosen(saved, overrides):
    search = instantiate(configuration("translate", overrides, ()).search)
    assert all(Translator.load(saved, search=search).translate(LINES[:2]))


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_the_command_computes_in_the_format_that_it_is_told(monkeypatch, capfd, saved, precision):
    formats = set()
    packing = nmt.models.precision.pack
    monkeypatch.setattr(
        nmt.models.precision,
        "pack",
        lambda network, rounding: (formats.add(rounding), packing(network, rounding))[1],
    )
    arguments = [f"run={saved}", "search=greedy", f"precision={precision}"]
    if precision == "bfloat16" and not has_bfloat16(CPU):
        status, _, err = command(monkeypatch, capfd, b"Hund\n", *arguments)
        assert (status, err.count("\n")) == (2, 1)
        assert "precision=bfloat16, but this cpu has no bfloat16" in err
        return
    status, out, _ = command(monkeypatch, capfd, b"Hund\n", *arguments)
    assert (status, out.count("\n")) == (0, 1)
    auto = "bfloat16" if has_bfloat16(CPU) else "float32"
    assert formats == {getattr(torch, auto if precision == "auto" else precision)}


@pytest.fixture(scope="module")
def listed(saved, tmp_path_factory):
    """The same model with a lexicon."""
    folder = tmp_path_factory.mktemp("listed")
    for path in saved.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    ids = Ragged.from_lists(Tokenizers.load(saved).source.encode_lines(LINES))
    stored = TranslationLexicon.learn(ids, ids, 46, 46).to_bytes()
    (folder / "lexicon.safetensors").write_bytes(stored)
    seal(folder)
    return folder


def test_a_generous_shortlist_hardly_changes_translations_and_a_narrow_one_does(
    monkeypatch, capfd, listed
):
    given = "".join(f"{line}\n" for line in LINES).encode()
    arguments = [f"run={listed}", "search=greedy", "search.length_extra=3"]
    outputs = {}
    for frequent in (None, 1000, 1):
        words = ["shortlist=lexical", f"shortlist.frequent={frequent}", "shortlist.translations=1"]
        more = [] if frequent is None else words
        status, outputs[frequent], err = command(monkeypatch, capfd, given, *arguments, *more)
        assert status == 0, err
    assert outputs[1000] == outputs[None]
    assert outputs[1] != outputs[None]
    assert outputs[1].count("\n") == len(LINES)


def test_a_model_without_lexicon_says_what_to_do(monkeypatch, capfd, saved):
    arguments = [f"run={saved}", "shortlist=lexical"]
    status, out, err = command(monkeypatch, capfd, b"Hund\n", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"{saved / 'lexicon.safetensors'} is missing: the model was saved without" in err
    assert "translate with shortlist=none, or train again" in err


def test_a_language_model_does_not_write_along_with_a_shortlist(monkeypatch, capfd, listed):
    language = small_run.save_language(listed.parent / "language", "ngram")
    arguments = [f"run={listed}", "shortlist=lexical", f"fusion.run={language}"]
    status, _, err = command(monkeypatch, capfd, b"Hund\n", *arguments)
    assert (status, err.count("\n")) == (2, 1)
    assert f"fusion.run={language} needs the scores of all pieces; give shortlist=none" in err


def process(saved, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "nmt.translate", f"run={saved}", "search=greedy", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_an_interactive_command_answers_each_line_at_once(saved):
    with process(saved, "interactive=true") as talk:
        for _ in range(2):
            talk.stdin.write("Der Hund läuft.\n".encode())
            talk.stdin.flush()
            assert talk.stdout.readline().endswith(b"\n")
        rest, err = talk.communicate()
    assert rest == b""
    assert b"translated 2 lines" in err
    assert talk.returncode == 0


def test_a_reader_that_goes_away_ends_the_command_in_silence(saved):
    with process(saved) as talk:
        talk.stdout.close()
        try:
            talk.stdin.write(b"Hund\n" * 20_000)
            talk.stdin.close()
        except BrokenPipeError:
            pass
        err = talk.stderr.read()
        talk.wait()
    assert err == b""
    assert talk.returncode == 128 + signal.SIGPIPE


def test_a_decision_ranks_the_candidates_that_a_search_samples(monkeypatch, capfd, saved):
    given = "Der Hund läuft hier.\n\n".encode()
    arguments = [f"run={saved}", "search=sample", "search.best=6", "output_format=jsonl"]
    texts, scores = [], []
    for decision in ("highest_score", "minimum_bayes_risk"):
        status, out, err = command(monkeypatch, capfd, given, *arguments, f"decision={decision}")
        assert status == 0, err
        lines = [json.loads(line)["hypotheses"] for line in out.splitlines()]
        texts.append([sorted(one["text"] for one in line) for line in lines])
        scores.append([one["score"] for one in lines[0]])
    assert texts[0] == texts[1] and texts[0][1] == [""]
    assert all(ranked == sorted(ranked, reverse=True) for ranked in scores)
    assert max(scores[0]) < 0 < max(scores[1]) <= 100
    status, _, err = command(
        monkeypatch, capfd, given, f"run={saved}", "decision=minimum_bayes_risk"
    )
    assert status == 2 and "nothing to choose from" in err


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        (["search.best=3"], True),
        (["search=beam_10"], True),
        (["search=sample", "search.best=2"], True),
        (["search.best=3", "output_format=moses"], False),
        (["search.best=3", "output_format=jsonl"], False),
        (["search.best=3", "decision=minimum_bayes_risk"], False),
        ([], False),
        (["search=greedy"], False),
    ],
)
def test_an_n_best_list_that_the_format_does_not_write_is_said(
    monkeypatch, capfd, saved, arguments, warned
):
    given = [f"run={saved}", "search.length_extra=3", *arguments]
    status, out, err = command(monkeypatch, capfd, b"Der Hund\n", *given)
    assert status == 0
    said = "output_format=text writes the best translation of each line alone; output_format=moses"
    assert (said in err) == warned
    assert len(out.splitlines()) == 1 or "output_format=moses" in arguments


def test_a_beam_that_does_not_fit_into_memory_is_refused_before_it_starts(
    monkeypatch, capfd, saved
):
    monkeypatch.setattr("nmt.runtime.allocator.memory", lambda: 1 << 24)
    status, out, err = command(
        monkeypatch, capfd, b"Der Hund\n", f"run={saved}", "search.size=80000"
    )
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: search.size=80000: the search of a single line ")
