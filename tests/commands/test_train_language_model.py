"""The command, on a corpus of some lines: what it leaves, says and refuses."""

import json
import sys

import pytest
import yaml
from helpers.small_run import starter
from helpers.tiny_language_models import (
    SMALL,
    TINY,
    call,  # noqa: F401
)
from helpers.user_classes import Leaky

from nmt.config.command_line import run
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import ScoredLine, load_scorer
from nmt.inspection.model_folder import inspect
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.translation_model import SavedTranslationModel
from nmt.runtime import checksums
from nmt.runtime.device import choose
from nmt.runtime.errors import ModelError
from nmt.train import train
from nmt.train_language_model import train_language_model

WINDOWS = LineWindows(10, 1000, 4, 100)


@pytest.fixture
def learn(call):
    return lambda *arguments: call("train_language_model", train_language_model, *arguments)


def values(out):
    words = out.splitlines()[-1].split()
    return dict(zip(words[1::2], map(float, words[2::2]), strict=True))


@pytest.mark.parametrize(
    "choice",
    [
        ("language_model=recurrent", *TINY),
        (
            "language_model=recurrent",
            "text_batching=continuous",
            "text_batching.rows=4",
            "text_batching.positions=9",
            *TINY,
        ),
        ("language_model=feedforward", *TINY),
        ("language_model=feedforward_direct", "side=source", *TINY),
        ("language_model=ngram", "model.order=3"),
    ],
    ids=lambda choice: " ".join(choice[:2]),
)
def test_a_training_saves_a_model_with_the_perplexity_of_its_lines(learn, tmp_path, choice):
    status, out, error = learn("run=runs/a", *choice)
    assert status == 0, error
    assert out.splitlines()[0] == "run runs/a"
    assert "python -m nmt.score run=runs/a < FILE" in error
    assert json.loads((tmp_path / "runs/a/scores.json").read_text())["values"]["loss"] > 0
    bundle = SavedLanguageModel.load(
        inspect(tmp_path / "runs/a", ("language_model",), ()), choose("cpu")
    )
    assert bundle.model.pieces == bundle.tokenizer.size == 200
    if "text_batching=continuous" in choice:
        return  # what stood before a line is not known to nmt.evaluation.likelihood
    language = "de" if "side=source" in choice else "en"
    texts = starter(f"valid.{language}")[150:160]
    model = inspect(tmp_path / "runs/a", ("language_model",), ())
    scorer = load_scorer(model, WINDOWS, choose("cpu"))
    scored = list(scorer(ScoredLine(line, "") for line in texts))
    nats = -sum(one.log_probability for one in scored)
    pieces, words = sum(one.pieces for one in scored), sum(one.words for one in scored)
    assert words == sum(len(one.split()) + 1 for one in texts)
    found = values(out)
    assert found["loss"] == pytest.approx(nats / pieces, rel=1e-3)
    assert found["perplexity"] == pytest.approx(2.718281828 ** (nats / pieces), rel=1e-3)
    assert found["word_perplexity"] == pytest.approx(2.718281828 ** (nats / words), rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "reading",
    [
        ("text_batching=lines",),
        ("text_batching=continuous", "text_batching.rows=3"),
        (
            "text_batching=continuous",
            "text_batching.rows=3",
            "text_batching.positions=9",
            "accumulate=2",
        ),
        (
            "text_batching=continuous",
            "text_batching.rows=3",
            "model/cell=zoneout",
            "model.dropout=0.0",
        ),
        ("text_batching=lines", "model/cell=state_dropout", "model.dropout=0.0"),
    ],
    ids=" ".join,
)
def test_a_resumed_training_equals_an_uninterrupted_one(learn, tmp_path, reading):
    assert learn("run=runs/a", *reading, *TINY, "schedule=constant")[0] == 0
    assert learn("run=runs/b", *reading, *TINY, "schedule=constant", "updates=3")[0] == 0
    status, _, error = learn("run=runs/b", *reading, *TINY, "schedule=constant")
    assert status == 0
    assert "resuming after update 3" in error
    one, two = ((tmp_path / f"runs/{name}/model.safetensors").read_bytes() for name in ("a", "b"))
    assert one == two


def test_text_of_one_language_is_read_with_the_pieces_of_another_run(call, learn, tmp_path):
    assert learn("run=runs/a", *TINY)[0] == 0
    (tmp_path / "mono.en").write_text("\n".join(starter("test.en")[:100]) + "\n")
    arguments = (
        "data.train.paths=mono.en",
        "data.valid.paths=valid.en",
        "vocabulary=existing",
        "vocabulary.run=runs/a",
        "run=runs/b",
        "language_model=ngram",
    )
    sys.argv = ["train_language_model", "data=text", *SMALL, *arguments]
    assert run("train_language_model", train_language_model) == 0
    loaded = [
        SavedLanguageModel.load(
            inspect(tmp_path / f"runs/{name}", ("language_model",), ()), choose("cpu")
        )
        for name in ("a", "b")
    ]
    assert loaded[0].tokenizer.data == loaded[1].tokenizer.data


NEW_CELL = ("model/cell=gru", "model.cell._target_=helpers.user_classes.Leaky", *TINY)


def test_a_new_cell_trains_a_language_model_by_an_override_alone(learn, tmp_path):
    assert learn("run=runs/a", *NEW_CELL)[0] == 0
    trust = ("helpers",)
    network = SavedLanguageModel.load(
        inspect(tmp_path / "runs/a", ("language_model",), trust), choose("cpu")
    ).model
    assert [type(cell) for cell in network.stack.cells] == [Leaky]


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["parallel", "conditional", "fixed_context"])
def test_a_new_cell_trains_an_encoder_and_a_decoder_by_an_override_alone(call, tmp_path, decoder):
    arguments = (f"model={decoder}", "search.length_factor=0.1", "samples=0", *NEW_CELL)
    status, _, error = call("train", train, "run=runs/a", *arguments)
    assert status == 0, error
    stored = (tmp_path / "runs/a/config.yaml").read_text()
    assert stored.count("_target_: helpers.user_classes.Leaky") >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model/cell=lstn",), "model/cell=lstn: there is no such choice (nearest: lstm"),
        (("language_model=ngram", "model.order=0"), "model.order=0: expected a whole number, 1"),
        (("language_model=feedforward", "model.order=1"), "model.order=1: expected a whole number"),
        (("language_model=rnn",), "language_model=rnn: there is no such choice"),
        (("criterion=bleu",), "criterion.name=bleu is not a value of the validation; expected one"),
        (
            ("text_batching=continuous", "text_batching.rows=0"),
            "text_batching.rows=0: expected a number, 1 or more",
        ),
        (("vocabulary=existing", "vocabulary.run=runs/x"), "runs/x/sentencepiece.model cannot be"),
    ],
)
def test_wrong_values_are_refused_in_one_line(learn, arguments, message):
    status, out, error = learn("run=runs/a", *arguments)
    assert (status, out) == (2, "")
    assert error.splitlines()[-1].startswith(f"error: {message}")


def test_empty_text_is_refused(learn, tmp_path):
    for language in ("de", "en"):
        (tmp_path / f"train.{language}").write_text("")
    for model in ("ngram", "recurrent"):
        status, out, error = learn("run=runs/a", f"language_model={model}")
        assert (status, out) == (2, "")
        assert error.splitlines()[-1] == (
            "error: the train split has no pairs: train.de, train.en is empty"
        )


def test_language_and_translation_models_are_not_interchangeable(call, learn, tmp_path):
    assert learn("run=runs/a", *TINY)[0] == 0
    with pytest.raises(ModelError, match=r"holds a language model; expected a translation model"):
        SavedTranslationModel.load(inspect(tmp_path / "runs/a", ("model",), ()), choose("cpu"))
    with pytest.raises(ModelError, match=r"train_language_model run="):
        SavedLanguageModel.load(
            inspect(tmp_path / "runs/none", ("language_model",), ()), choose("cpu")
        )


def test_an_n_gram_model_is_not_overwritten_by_another(learn):
    counted = ("run=runs/a", "language_model=ngram")
    assert learn(*counted, "model.order=2")[0] == 0
    assert learn(*counted, "model.order=2")[0] == 0
    for other in (("language_model=ngram", "model.order=3"), TINY):
        status, out, error = learn("run=runs/a", *other)
        assert (status, out) == (2, "")
        assert "run=runs/a was started with " in error.splitlines()[-1]


def test_a_limit_below_one_update_is_what_a_training_without_updates_names(learn):
    status, out, error = learn("run=runs/a", *TINY, "minutes=1e-9")
    assert (status, out) == (2, "")
    assert "minutes=1e-09 reached before the first update, so there is no model" in error
    assert "peak_rate" not in error


def test_a_training_without_a_finite_validation_reports_that_there_is_no_model(learn):
    arguments = ("objective._target_=helpers.user_classes.NotFiniteInValidation", "patience=null")
    status, out, error = learn("run=runs/a", *TINY, *arguments)
    assert (status, out) == (2, "")
    assert "no validation gave a finite score, so there is no model" in error


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.update(language_model=3), "describes no language model"),
        (lambda c: c["language_model"].pop("tying"), "describes no model: KeyError: 'tying'"),
        (lambda c: c["language_model"]["network"].update(_target_="os.system"), "names 'os.sys"),
        (lambda c: c["language_model"].update(cell="${oc.env:HOME}"), "the interpolation"),
        (
            lambda c: c["language_model"]["network"].pop("layers"),
            r"missing .*argument: 'layers'",
        ),
        (lambda c: c["language_model"]["network"]["stack"].update(hidden_size=9), "has the shape"),
    ],
)
def test_damaged_and_hostile_models_are_refused(learn, tmp_path, edit, message):
    assert learn("run=runs/a", *TINY, "updates=1")[0] == 0
    path = tmp_path / "runs/a/config.yaml"
    config = yaml.safe_load(path.read_text())
    edit(config)
    path.write_text(yaml.safe_dump(config))
    run = tmp_path / "runs/a"
    checksums.write(run, {name: [checksums.sha256_of(run / name)] for name in checksums.read(run)})
    with pytest.raises(ModelError, match=message):
        SavedLanguageModel.load(inspect(run, ("language_model",), ()), choose("cpu"))
