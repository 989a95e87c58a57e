"""Memory over clauses: what the text is like, equal sizes, what counts, and the command."""

import json
import sys
from collections import Counter
from dataclasses import dataclass

import pytest
import torch

from benchmarks.recall.__main__ import HOME, recall, training
from benchmarks.recall.answers import count_correct
from benchmarks.recall.sizes import nearest_size
from benchmarks.recall.stories import (
    DIGRESSIONS,
    PEOPLE,
    THINGS,
    VERBS,
    Questions,
    Story,
    Text,
    available,
)
from nmt.config.command_line import configuration, run
from nmt.config.instantiate import instantiate
from nmt.evaluation.contrastive.accuracy import AccuracyCount, read
from nmt.evaluation.likelihood import Likelihood, LikelihoodScorer
from nmt.inspection.model_folder import inspect
from nmt.models.parameters import count
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.runtime.errors import ConfigurationError

TEXT = Text(seed=1, train=4000, valid=500, longest=3)
QUESTIONS = Questions(seed=1, clauses=[0, 2, 9], each=2)


def parts(line):
    """The things of a line, and the clauses between."""
    opening, *clauses, ending = line.split(" , ")
    return [one for one in (*opening.split(), *ending.split()) if one in THINGS], clauses


def test_a_line_names_a_thing_digresses_and_names_it_again():
    story = Story("anna tried to sell her", ("it rained", "dogs barked"), "she sold her", 9)
    assert story.line("shoes") == (
        "anna tried to sell her letters , it rained , dogs barked , she sold her shoes ."
    )
    for line in TEXT.lines("train"):
        things, clauses = parts(line)
        assert len(things) == 2
        assert things[0] == things[1]
        assert set(clauses) <= set(DIGRESSIONS)
        assert line == line.lower()


def test_no_digression_holds_a_word_of_the_rest():
    words = {word for clause in DIGRESSIONS for word in clause.split()}
    for line in TEXT.lines("train"):
        opening, *_, ending = line.split(" , ")
        assert not words & {*opening.split(), *ending.split()}


def test_things_and_numbers_of_clauses_are_drawn_evenly_and_apart():
    drawn = Counter((parts(line)[0][0], len(parts(line)[1])) for line in TEXT.lines("train"))
    assert len(drawn) == len(THINGS) * 4
    # 4000 / 64 = 62.5 of each, with a deviation of √62.5 = 7.9.
    assert min(drawn.values()) > 62.5 - 4 * 7.9
    assert max(drawn.values()) < 62.5 + 4 * 7.9


def test_the_thing_is_independent_of_person_and_verb():
    for place, words in ((0, len(PEOPLE)), (3, len(VERBS))):
        drawn = Counter((line.split()[place], parts(line)[0][0]) for line in TEXT.lines("train"))
        pairs = words * len(THINGS)
        assert len(drawn) == pairs
        expected = 4000 / pairs
        squares = sum((number - expected) ** 2 / expected for number in drawn.values())
        # Pearson's statistic has about `pairs` degrees of freedom: its deviation is √(2 pairs).
        assert squares < pairs + 4 * (2 * pairs) ** 0.5


def test_the_same_numbers_give_the_same_text_and_others_another():
    assert list(TEXT.lines("train")) == list(TEXT.lines("train"))
    other = Text(seed=2, train=4000, valid=500, longest=3)
    assert list(TEXT.lines("train")) != list(other.lines("train"))
    assert QUESTIONS.stories() == QUESTIONS.stories()
    assert QUESTIONS.stories() != Questions(seed=2, clauses=[0, 2, 9], each=2).stories()
    assert [len(list(TEXT.lines(part))) for part in ("train", "valid")] == [4000, 500]


def test_no_line_is_in_two_parts():
    text, questions = Text(1, 20000, 2000, 0), Questions(1, [0, 1], 3)
    train, valid = set(text.lines("train")), set(text.lines("valid"))
    asked = {story.line(THINGS[story.thing]) for story in questions.stories()}
    # Of 24 · 8 · 16 = 3072 lines without a clause 18 and 1 twentieths, with deviations of
    # √(3072 · 0.9 · 0.1) = 17 and √(3072 · 0.95 · 0.05) = 12.
    assert len(train) == pytest.approx(2765, abs=3 * 17)
    assert len(valid) == pytest.approx(154, abs=3 * 12)
    test = sum(available(0, thing, 192) for thing in range(16))
    assert test == pytest.approx(154, abs=3 * 12)
    assert not train & valid
    assert not train & asked
    assert not valid & asked
    for lines in (train, valid, asked):
        assert {parts(line)[0][0] for line in lines} == set(THINGS)


def test_questions_ask_for_each_thing_as_often_at_each_number_of_clauses():
    drawn = Counter((len(story.clauses), story.thing) for story in QUESTIONS.stories())
    assert drawn == {(clauses, thing): 2 for clauses in (0, 2, 9) for thing in range(16)}


def test_no_question_is_asked_twice_and_all_there_are_can_be_asked():
    most = {
        clauses: min(available(clauses, thing, 999) for thing in range(16)) for clauses in (0, 1)
    }
    # Of each thing 24 · 8 = 192 lines without a clause and 1536 with one; a twentieth is 77.
    assert most[1] == pytest.approx(77, abs=4 * 77**0.5)
    for clauses, each in most.items():
        lines = [one.line(THINGS[one.thing]) for one in Questions(1, [clauses], each).stories()]
        assert len(set(lines)) == len(lines) == 16 * each
        message = (
            f"questions.each={each + 1}: expected at most {each}, as .* with {clauses} clauses"
        )
        with pytest.raises(ConfigurationError, match=message):
            Questions(1, [32, clauses], each + 1)


def test_the_default_questions_are_distinct():
    stories = instantiate(configuration("recall", [], (), HOME).questions).stories()
    assert len(set(stories)) == len(stories) == 6 * 16 * 10


@dataclass(frozen=True)
class Oracle(LikelihoodScorer):
    """Knows that the last thing is the first."""

    def __call__(self, lines):
        for line in lines:
            first, last = parts(line.text)[0]
            yield Likelihood(-1.0 if first == last else -2.0, 1, 1)


@dataclass(frozen=True)
class Uniform(LikelihoodScorer):
    """Finds all lines equally probable."""

    def __call__(self, lines):
        for _ in lines:
            yield Likelihood(-1.0, 1, 1)


def test_a_perfect_memory_is_always_right_and_a_constant_answer_in_one_of_sixteen():
    stories = QUESTIONS.stories()
    assert count_correct("a", Oracle(), stories) == [
        AccuracyCount("a", group, 32, 32, 1 / 16) for group in ("0", "2", "9")
    ]
    assert count_correct("a", Uniform(), stories) == [
        AccuracyCount("a", group, 32, 2, 1 / 16) for group in ("0", "2", "9")
    ]


def test_the_nearest_size_is_found_from_either_side():
    assert nearest_size(1010, lambda size: size * size, "a") == 32  # 1024, nearer than 31² = 961
    assert nearest_size(970, lambda size: size * size, "a") == 31
    assert nearest_size(1, lambda size: size * size, "a") == 1


def test_a_number_of_weights_that_no_size_gives_is_refused():
    message = r"weights=1000: expected a number that a can have within 2 %; its nearest is 900"
    with pytest.raises(ConfigurationError, match=message):
        nearest_size(1000, lambda size: 300 * size, "a")
    with pytest.raises(ConfigurationError, match=r"its nearest is 500, with a hidden size of 1"):
        nearest_size(1, lambda size: 500 * size, "a")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["text.train=400", "text.valid=20", "questions.each=1", "questions.clauses=[0,3]"]
    fast = ["updates=4", "report_every=2", "validate_every=2", "schedule.warmup=1", "weights=14000"]

    def call(*arguments):
        pieces = ["tokenizer.size=200", "tokenizer.threads=1", "rates=[0.002]"]
        monkeypatch.setattr(sys, "argv", ["benchmarks.recall", *small, *fast, *pieces, *arguments])
        return run("recall", recall, home=HOME), *capsys.readouterr()

    return call


@pytest.mark.slow
def test_the_command_trains_and_scores_each_cell_and_resumes(command, tmp_path):
    status, out, error = command("cells=[elman,lstm]")
    assert status == 0, error
    assert out.splitlines()[0].split() == ["clauses", "between", "lines", "elman", "lstm"]
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [
        ["0", "16"],
        ["3", "16"],
        ["total", "32"],
    ]
    table = read(tmp_path / "runs/recall/accuracy.csv")
    assert [(one.system, one.group, one.lines, one.chance) for one in table.counts] == [
        (cell, group, 16, 0.0625) for cell in ("elman", "lstm") for group in ("0", "3")
    ]
    rows = (tmp_path / "runs/recall/accuracy.csv").read_text().splitlines()
    for cell, row in (("elman", rows[1]), ("lstm", rows[3])):
        bundle = SavedLanguageModel.load(
            inspect(tmp_path / "runs/recall" / cell / "0.002", ("language_model",), []),
            torch.device("cpu"),
        )
        weights = count(bundle.model)
        assert row.split(",")[-2:] == [str(weights), "0.002"]
        assert abs(weights - 14000) <= 280
        assert row.split(",")[-3] == str(bundle.model.stack.cells[0].hidden_size)
        assert type(bundle.model.stack.cells[0]).__name__.lower() == cell
    status, again, error = command("cells=[elman,lstm,gru]")
    assert status == 0, error
    assert [line.split()[-3:-1] for line in again.splitlines()[1:]] == [
        line.split()[-2:] for line in out.splitlines()[1:]
    ]
    assert error.count("finished (updates=4 reached)") == 2
    written = {path.name: path.read_text() for path in (tmp_path / "runs/recall/text").iterdir()}
    assert {name: text.count("\n") for name, text in written.items()} == {
        "train.txt": 400,
        "valid.txt": 20,
    }
    updates = (tmp_path / "runs/recall/gru/0.002/metrics.jsonl").read_text().splitlines()
    assert json.loads(updates[-1])["update"] == 4


def test_of_several_rates_the_one_with_the_lowest_loss_counts(command, tmp_path):
    status, _, error = command("cells=[gru]", "rates=[1.0e-9,0.01]")
    assert status == 0, error
    rows = (tmp_path / "runs/recall/accuracy.csv").read_text().splitlines()
    assert {row.split(",")[-1] for row in rows[1:]} == {"0.01"}
    losses = [
        json.loads((tmp_path / f"runs/recall/gru/{rate}/scores.json").read_text())["values"]["loss"]
        for rate in ("1e-09", "0.01")
    ]
    assert losses[1] < losses[0]
    assert "gru: best at a rate of 0.01" in error


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("rates=[]", "rates=[]: expected at least one learning rate"),
        ("rates=[0.1,0.1]", "rates=[0.1, 0.1]: expected each learning rate once"),
        ("rates=[fast]", "rates=fast: expected a finite number"),
        ("rates=[0.0]", "rates=0.0: expected a number above 0"),
        ("cells=[elmann]", "model/cell=elmann: there is no such choice (nearest: elman"),
        ("cells=[]", "cells=[]: expected at least one cell"),
        ("cells=[gru,gru]", "cells=['gru', 'gru']: expected each cell once"),
        ("text.longest=-1", "text.longest=-1: expected a number, 0 or more"),
        ("text.train=0", "text.train=0: expected a number, 1 or more"),
        ("questions.clauses=[0,-1]", "questions.clauses=-1: expected whole numbers, 0 or more"),
        ("questions.clauses=[3,3]", "questions.clauses=[3, 3]: expected each number once"),
        (
            "questions.each=4 questions.clauses=[0]",
            "questions.each=4: expected at most 3, as there",
        ),
        ("questions.clauses=[]", "questions.clauses=[]: expected at least one number"),
        ("questions.each=0", "questions.each=0: expected a number, 1 or more"),
        ("language_model=ngram", "the language model has no cell; expected language_model=recur"),
        ("language_model=feedforward", "the language model has no cell; expected language_model"),
        (
            "data.train.paths=mine.txt",
            "data.train.paths=mine.txt: this command trains on text that it generates",
        ),
        ("data.valid.paths=[mine.txt,b]", "data.valid.paths=['mine.txt', 'b']: this command"),
        (
            "data=starter",
            "data.train._target_=nmt.data.corpora.",
        ),
        ("weights=0", "weights=0: expected a number, 1 or more"),
        ("weights=100", "weights=100: expected a number that elman can have within 2 %"),
    ],
)
def test_invalid_settings_are_a_one_line_error(command, tmp_path, argument, message):
    (tmp_path / "mine.txt").write_text("mine")
    status, out, error = command(*argument.split())
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (status, out) == (2, "")
    assert error.splitlines()[-1].startswith(f"error: {message}")
    assert "Traceback" not in error


def test_cells_are_found_in_a_folder_of_the_user(tmp_path, monkeypatch):
    own = tmp_path / "model" / "cell" / "mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("_target_: nmt.models.cells.elman.Elman\nmine: 1\n")
    arguments = [f"configs={tmp_path}", "cells=[mine]"]
    monkeypatch.setattr(sys, "argv", ["benchmarks.recall", *arguments])
    config = configuration("recall", arguments, home=HOME)
    assert training(config, "mine", 0.1).model.cell.mine == 1


@pytest.mark.slow
def test_an_interrupted_training_is_to_be_resumed_by_this_command(command, monkeypatch):
    called = []

    def learn(config, module):
        called.append(module)
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.recall.__main__.learn", learn)
    assert command("cells=[elman]")[0] == 130
    assert called == ["benchmarks.recall"]
