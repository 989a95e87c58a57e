"""`nmt.score`: a number per line, and errors that name the remedy."""

from dataclasses import dataclass

import jaxtyping
import pytest
import torch
from helpers import small_run
from helpers.saved_models import tokenizers
from helpers.scored_models import (
    save_language_model,
    say,  # noqa: F401
)

from nmt.data.special_ids import END
from nmt.generate import generate
from nmt.inference.generation import TextGenerator
from nmt.models.language_models.language_model import PieceLanguageModel, by_steps
from nmt.score import score


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    return save_language_model(tmp_path_factory.mktemp("lm") / "lm", tokenizers(44).target)


@pytest.fixture(scope="module")
def translation(tmp_path_factory):
    return small_run.save(tmp_path_factory.mktemp("runs") / "a")


LINES = ["Der Hund läuft im Garten.", "", "Die Katze sitzt hier."]


def test_each_line_gets_its_log_probability_whatever_the_other_lines(say, language):
    status, out, error = say("score", score, "\n".join(LINES), f"run={language}")
    assert status == 0, error
    together = [float(one) for one in out.splitlines()]
    alone = [
        float(say("score", score, f"{one}\n", f"run={language}")[1].splitlines()[0])
        for one in LINES
    ]
    assert together == pytest.approx(alone, abs=1e-4)
    assert len(set(together)) == 3
    assert all(one < 0 for one in together)
    assert "3 lines: cross-entropy " in error


def test_the_totals_are_those_of_the_numbers(say, language):
    _, out, error = say("score", score, "\n".join(LINES), f"run={language}")
    nats = -sum(map(float, out.split()))
    pieces = sum(len(tokenizers(44).target.encode(one)) + 1 for one in LINES)
    assert f"cross-entropy {nats / pieces:.4f} nats per piece" in error
    words = sum(len(one.split()) + 1 for one in LINES)
    assert f"{2.718281828 ** (nats / words):.4g} per word" in error


def test_a_translation_model_scores_pairs(say, translation, tmp_path):
    sources, targets = small_run.starter("valid.de")[:3], small_run.starter("valid.en")[:3]
    (tmp_path / "a.de").write_text("\n".join(sources))
    where = (f"run={translation}", f"source={tmp_path / 'a.de'}")
    status, out, error = say("score", score, "\n".join(targets), *where)
    assert status == 0, error
    (tmp_path / "a.de").write_text("\n".join(reversed(sources)))
    _, other, _ = say("score", score, "\n".join(reversed(targets)), *where)
    assert [float(one) for one in other.split()[::-1]] == pytest.approx(
        [float(one) for one in out.split()], abs=1e-4
    )


def test_a_pair_that_is_too_long_for_a_batch_is_refused(say, translation, tmp_path):
    (tmp_path / "a.de").write_text("ja\n" + "ja " * 5000)
    where = (f"run={translation}", f"source={tmp_path / 'a.de'}")
    status, out, error = say("score", score, "yes\nno\n", *where)
    assert (status, out) == (2, "")
    assert error.startswith("error: a line or its source, beginning 'no', has ")
    assert "pieces, more than windows.pieces=4096; split the line, or" in error


def test_a_language_model_scores_lines_of_any_length(say, language):
    text = "Der Hund läuft im Garten. " * 2000
    status, out, error = say("score", score, text, f"run={language}")
    assert status == 0, error
    assert float(out) < -10_000


def test_text_without_a_line_is_refused(say, language):
    status, out, error = say("score", score, "", f"run={language}")
    assert (status, out) == (2, "")
    assert error == "error: the text has no line; expected at least one to score\n"


@pytest.mark.parametrize(("more", "less"), [("a\nb\n", "c\n"), ("a\n", "c\nd\n")])
def test_texts_of_different_lengths_are_refused(say, translation, tmp_path, more, less):
    (tmp_path / "a.de").write_text(less)
    source = f"source={tmp_path / 'a.de'}"
    status, _, error = say("score", score, more, f"run={translation}", source)
    assert status == 2
    counts = more.count("\n"), less.count("\n")
    message = (
        f"standard input has {counts[0]} lines but {tmp_path / 'a.de'} has {counts[1]}; line n"
    )
    assert message in error


def test_only_translation_models_accept_a_source(say, translation, language):
    status, _, error = say("score", score, "a", f"run={translation}")
    assert (status, "scores translations: give source=FILE" in error) == (2, True)
    status, _, error = say("score", score, "a", f"run={language}", "source=a.de")
    assert (status, "holds a language model, which reads no source" in error) == (2, True)


def test_generation_is_the_same_for_the_same_seed_and_begins_with_the_prompt(say, language):
    written = [
        say("generate", generate, "", f"run={language}", "prompt='Der Hund'", f"seed={seed}")[1]
        for seed in (1, 1, 2)
    ]
    assert written[0] == written[1] != written[2]
    assert all(one.startswith("Der Hund") and one.endswith("\n") for one in written)
    assert all(one.count("\n") == 1 for one in written)


def test_greedy_generation_takes_the_most_probable_pieces(say, language):
    arguments = (f"run={language}", "prompt=Die", "max_pieces=5")
    greedy = say("generate", generate, "", *arguments, "temperature=0.0")[1]
    assert greedy == say("generate", generate, "", *arguments, "temperature=0", "seed=9")[1]
    assert greedy == say("generate", generate, "", *arguments, "top_k=1")[1]
    assert greedy == say("generate", generate, "", *arguments, "top_p=1.0e-9")[1]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "prompt='Der ☃ 犬'",
            "prompt=Der ☃ 犬: the model's vocabulary has no piece for '☃', '犬'; leave them",
        ),
        ("temperature=-1.0", "temperature=-1.0: expected a number, 0 or more"),
        ("temperature=null", "temperature=None: expected a number, 0 or more"),
        ("temperature=inf", "temperature=inf: expected a finite number"),
        ("top_k=-1", "top_k=-1: expected a whole number, 0 or more"),
        ("top_k=null", "top_k=None: expected a whole number, 0 or more"),
        ("top_p=0.0", "top_p=0.0: expected a number above 0"),
        ("top_p=1.5", "top_p=1.5: expected a number from 0 to 1"),
        ("top_p=null", "top_p=None: expected a number from 0 to 1"),
        ("seed=-1", "seed=-1: expected 0 to 4294967295"),
        ("seed=null", "seed=None: expected 0 to 4294967295"),
        ("seed=4294967296", "seed=4294967296: expected 0 to 4294967295"),
        ("max_pieces=0", "max_pieces=0: expected a whole number, 1 or more"),
        ("max_pieces=null", "max_pieces=None: expected a whole number, 1 or more"),
    ],
)
def test_what_cannot_be_generated_is_refused_in_one_line(
    say, language, monkeypatch, argument, message
):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users run without
    status, out, error = say("generate", generate, "", f"run={language}", argument)
    assert (status, out) == (2, "")
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1


@dataclass
class Scripted(PieceLanguageModel):
    """Is certain of one line, and counts what it was asked.

    Attributes:
        pieces: size of its vocabulary.
        line: ids; END follows.
        steps: that were made.
    """

    pieces: int
    line: list[int]
    steps: int = 0

    def start(self, rows):
        return 0

    def step(self, ids, state):
        self.steps += 1
        row = torch.full((1, self.pieces), -1e9)
        row[0, [*self.line, END][state]] = 0.0
        return row, state + 1

    def log_probabilities(self, target):
        return by_steps(self, target)


def test_each_piece_is_printed_before_the_next_step():
    pieces = tokenizers(44).target
    ids = pieces.encode("Der Hund läuft.")
    model = Scripted(pieces.size, ids)
    parts = TextGenerator(1.0, 0, 1.0, 1, 200)(model, pieces, "", torch.device("cpu"))
    shown = [(part, model.steps) for part in parts]
    assert "".join(part for part, _ in shown) == "Der Hund läuft."
    assert [steps for _, steps in shown] == [1, *range(1, len(ids) + 1)]


@pytest.mark.parametrize("most", [2, 3, 200])
def test_incomplete_characters_are_not_printed(most):
    pieces = tokenizers(300, byte_fallback=True).target
    ids = pieces.encode("犬.")
    # The word's beginning and three bytes; the last piece is the full stop.
    assert len(ids) == 5
    model = Scripted(pieces.size, ids)
    parts = list(TextGenerator(0.0, 0, 1.0, 1, most)(model, pieces, "", torch.device("cpu")))
    assert "".join(parts) == ("犬." if most == 200 else "")
    assert not any("\ufffd" in part for part in parts)
    assert {"犬"} <= set(parts) or most < 200


def test_a_generated_line_feed_becomes_a_space():
    pieces = tokenizers(300, byte_fallback=True).target
    line_feed = pieces.pieces(range(pieces.size)).index("<0x0A>")
    ids = [*pieces.encode("Hund"), line_feed, *pieces.encode("Katze")]
    assert "\n" in pieces.decode(ids)
    parts = TextGenerator(0.0, 0, 1.0, 1, 200)(
        Scripted(pieces.size, ids), pieces, "", torch.device("cpu")
    )
    assert "".join(parts) == "Hund  Katze"


def test_a_translation_model_does_not_generate(say, translation):
    status, _, error = say("generate", generate, "", f"run={translation}")
    assert (status, "holds a translation model; expected a language model" in error) == (2, True)
