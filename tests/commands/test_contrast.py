"""Contrasts: what counts as right, and the command on models of both kinds."""

import logging
import sys
from dataclasses import dataclass

import pytest
from helpers.small_run import save, starter, tokenizer

from nmt.config.command_line import configuration, run
from nmt.config.instantiate import plain
from nmt.contrast import contrast
from nmt.data.ragged import Ragged
from nmt.data.text.invalid_text.stop import StopAtInvalidText
from nmt.evaluation.contrastive.accuracy import AccuracyCount
from nmt.evaluation.contrastive.contrasts import (
    Contrast,
    count_correct,
    read_contrasts,
    score_groups,
)
from nmt.evaluation.likelihood import Likelihood, LikelihoodScorer
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.ngrams.kneser_ney import KneserNey
from nmt.models.saved import language_model


@dataclass(frozen=True)
class Stated(LikelihoodScorer):
    """Says what is written in the line, or in its source where there is one."""

    def __call__(self, lines):
        for line in lines:
            yield Likelihood(float(line.source or line.text), 1, 1)


@dataclass(frozen=True)
class Pleased(LikelihoodScorer):
    """Prefers the lines that are their source."""

    def __call__(self, lines):
        for line in lines:
            yield Likelihood(-float(line.text != line.source), 1, 1)


def test_right_lines_that_are_more_probable_are_counted_by_group_and_ties_are_wrong(caplog):
    contrasts = [
        Contrast("-1", ("-2",), "", "10"),  # right
        Contrast("-2", ("-1",), "", "10"),  # wrong
        Contrast("-1", ("-1",), "", "10"),  # a tie
        Contrast("-3", ("-4",), "", "9"),  # right
    ]
    with caplog.at_level(logging.WARNING):
        counts = count_correct("a", Stated(), contrasts)
    assert counts == [AccuracyCount("a", "9", 1, 1, 0.5), AccuracyCount("a", "10", 3, 1, 0.5)]
    assert caplog.messages == ["a: 1 ties, which count as wrong"]


def test_of_several_wrong_lines_none_may_be_more_probable():
    contrasts = [
        Contrast("-2", ("-3", "-4"), "", "all"),
        Contrast("-2", ("-3", "-1"), "", "all"),
        Contrast("-2", ("-1", "-3"), "", "all"),
    ]
    assert count_correct("a", Stated(), contrasts) == [AccuracyCount("a", "all", 3, 1, 1 / 3)]


def test_all_lines_of_a_contrast_are_scored_with_its_source():
    contrasts = [Contrast("x", ("y",), "x", "0"), Contrast("x", ("y",), "y", "0")]
    assert count_correct("a", Pleased(), contrasts) == [AccuracyCount("a", "0", 2, 1, 0.5)]


def test_scores_are_assigned_to_the_contrast_that_they_belong_to():
    contrasts = [Contrast("1", ("2", "3"), "", ""), Contrast("4", ("5",), "", "")]
    questions = (one.lines() for one in contrasts)
    assert list(score_groups(Stated(), questions)) == [[1.0, 2.0, 3.0], [4.0, 5.0]]


def test_the_default_contrasts_are_those_of_the_starter_corpus():
    config = configuration("contrast", [], ())
    contrasts = read_contrasts(
        config.right, list(config.wrong), config.source, config.groups, StopAtInvalidText()
    )
    assert [sum(one.group == str(number) for one in contrasts) for number in range(5)] == [200] * 5
    assert contrasts[0] == Contrast(
        "The hotels are ugly.", ("The hotels is ugly.",), "Die Hotels sind hässlich.", "0"
    )
    assert all(one.wrongs[0] != one.right for one in contrasts)


RIGHT = ["The hotels are ugly.", "The man is old.", "The dogs sleep."]
WRONG = ["The hotels is ugly.", "The man are old.", "The dogs sleeps."]


@pytest.fixture(scope="module")
def counts():
    lines = [*RIGHT * 20, *starter("valid.en")[:300]]
    return NGramLanguageModel(
        KneserNey(3)(Ragged.from_lists(list(map(tokenizer().encode, lines))), tokenizer().size)
    )


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, counts):
    """Write contrasts and a model that counted the right lines; give the command."""
    monkeypatch.chdir(tmp_path)
    labels = ["1", "0", "1"]
    files = {"right": RIGHT, "wrong": WRONG, "groups": labels, "source": RIGHT}
    for name, lines in files.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / "two").write_text("a\nb\n")
    node = plain(configuration("train_language_model", ["language_model=ngram"], ()).model)
    language_model.save_language_model(tmp_path / "lm", counts.tensors(), node, tokenizer(), {})

    def call(*arguments):
        given = [f"{name}={name}" for name in files if f"{name}=" not in " ".join(arguments)]
        own = ["threads=1", "contrasts=files", *given, *arguments]
        monkeypatch.setattr(sys, "argv", ["nmt.contrast", *own])
        return run("contrast", contrast), *capsys.readouterr()

    return call


def test_an_n_gram_model_of_the_right_lines_prefers_them(command, tmp_path):
    status, out, error = command("run=lm", "label=distance", "output=a.csv")
    assert status == 0, error
    assert out == (
        "distance  lines     lm\n"
        "0             1  1.000\n"
        "1             2  1.000\n"
        "total         3  1.000\n"
    )  # fmt: skip
    assert (tmp_path / "a.csv").read_text() == (
        "run,distance,lines,right,accuracy,chance\nlm,0,1,1,1,0.5\nlm,1,2,2,1,0.5\n"
    )
    status, out, _ = command("run=lm", "right=wrong", "wrong=right", "groups=null", "source=null")
    assert (status, out.splitlines()[1:]) == (
        0,
        ["all        3  0.000", "total      3  0.000"],
    )


def test_language_and_translation_models_have_columns_in_one_table(command, tmp_path):
    save(tmp_path / "tm")
    columns = {}
    for name in ("lm", "tm", "[lm,tm]", "[tm,lm]"):
        status, out, error = command(f"run={name}")
        assert status == 0, error
        columns[name] = list(zip(*(line.split() for line in out.splitlines()), strict=True))
    (labels, lines, lm), (*_, tm) = columns["lm"], columns["tm"]
    assert (lm[0], tm[0], lm[1:] != tm[1:]) == ("lm", "tm", True)
    assert columns["[lm,tm]"] == [labels, lines, lm, tm]
    assert columns["[tm,lm]"] == [labels, lines, tm, lm]


def test_a_table_is_shown_before_its_file_is_written(command, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/.a.csv.part").mkdir()  # where the file would be written first
    status, out, error = command("run=lm", "output=full/a.csv")
    assert (status, out.splitlines()[0].split()) == (2, ["group", "lines", "lm"])
    assert "full/a.csv cannot be written: Is a directory" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=[]"], "run=[] names no model; expected a run's folder, or several"),
        (["run=[lm,lm]"], "run=['lm', 'lm']: expected each run once"),
        (["run=none"], "none holds no trained model"),
        (["run=lm", "wrong=[]"], "wrong=[] names no file; expected at least one"),
        (["run=lm", "wrong=two"], "right has 3 lines but two has 2; line n of one must belong"),
        (["run=lm", "wrong=[wrong,two]"], "right has 3 lines but two has 2; line n of one must"),
        (["run=lm", "groups=two"], "right has 3 lines but two has 2; line n of one must belong"),
        (["run=lm", "source=two"], "right has 3 lines but two has 2; line n of one must belong"),
        (["run=lm", "right=empty"], "empty has no line; expected at least one"),
        (["run=lm", "right=???"], "right is not set; give right=VALUE"),
        (["run=lm", "right=nowhere"], "nowhere cannot be read: No such file"),
        (["run=lm", "output=nowhere/a.csv"], "output=nowhere/a.csv: the folder nowhere does not"),
        (["run=lm", "output=tm"], "output=tm is a folder; expected a file's name"),
        (["run=tm", "source=null"], "tm holds a translation model: give source=FILE"),
    ],
)
def test_invalid_comparisons_are_a_one_line_error(command, tmp_path, arguments, message):
    save(tmp_path / "tm")
    status, out, error = command(*arguments)
    assert (status, out) == (2, "")
    assert error.splitlines()[-1].startswith(f"error: {message}")
    assert "Traceback" not in error
