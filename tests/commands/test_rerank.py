"""N-best lists and their weights; commands with a language model and a translation model."""

import json
import math

import jaxtyping
import pytest
import yaml
from helpers import small_run
from helpers.language_models import lines
from helpers.saved_models import tokenizers
from helpers.scored_models import save_language_model, say

from nmt.arpa import arpa
from nmt.config.command_line import configuration
from nmt.data.ragged import Ragged
from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import Likelihood
from nmt.evaluation.metrics.bleu import BLEU
from nmt.evaluation.metrics.ter import TER
from nmt.inference.reranking import (
    RerankingCandidate,
    RerankingWeights,
    WeightGrid,
    score_candidates,
)
from nmt.inference.translation import Candidate, Translation
from nmt.inspection.model_folder import inspect
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.ngrams.kneser_ney import KneserNey
from nmt.models.saved.language_model import SavedLanguageModel
from nmt.models.saved.language_model import save_language_model as save_ngram
from nmt.rerank import rerank
from nmt.runtime.device import choose
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.translate import translate

__all__ = ["say"]

GOOD, BAD, SHORT = "the old man reads a book", "the old the man reads a book", "the old man"


def test_a_score_is_the_weighted_sum():
    option = RerankingCandidate("a b", -3.0, -5.0, 2)
    assert RerankingWeights(0.5, 0.25).score(option) == -3.0 + 0.5 * -5.0 + 0.25 * 2


def test_a_candidate_that_is_impossible_ranks_last_or_has_no_weight():
    impossible = RerankingCandidate("a", -1.0, -math.inf, 1)
    possible = RerankingCandidate("b", -2.0, -50.0, 1)
    assert RerankingWeights(0.1, 0.0).best([impossible, possible]) == "b"
    assert RerankingWeights(0.0, 0.0).best([impossible, possible]) == "a"
    assert RerankingWeights(0.0, 0.0).best([possible, impossible]) == "a"


def lists():
    """Return a list whose best candidate depends on the weights."""
    return [
        [
            RerankingCandidate(BAD, -2.0, -10.0, 7),
            RerankingCandidate(GOOD, -2.5, -6.0, 6),
            RerankingCandidate(SHORT, -1.5, -3.0, 3),
        ]
    ]


def test_the_grid_finds_weights_that_rank_the_reference_first():
    weights, score = WeightGrid([0.0, 0.5], [0.0, 1.0])(lists(), [GOOD], BLEU("13a"))
    assert weights == RerankingWeights(0.5, 1.0)
    assert score.value == pytest.approx(100)
    assert weights.best(lists()[0]) == GOOD
    assert RerankingWeights(0.0, 1.0).best(lists()[0]) == BAD
    assert RerankingWeights(0.5, 0.0).best(lists()[0]) == SHORT


def test_the_grid_minimizes_the_edit_rate():
    # The bad one has a word too many, the short one lacks three: edits for 6 words.
    weights, score = WeightGrid([0.0, 0.5], [0.0, 1.0])(lists(), [GOOD], TER())
    assert weights == RerankingWeights(0.5, 1.0)
    assert score.value == 0


def test_of_equally_good_weights_the_first_are_chosen():
    n_bests = [[RerankingCandidate(GOOD, -1.0, -1.0, 6), RerankingCandidate(BAD, -9.0, -9.0, 7)]]
    weights, _ = WeightGrid([0.1, 0.0], [0.2, 0.0])(n_bests, [GOOD], BLEU("13a"))
    assert weights == RerankingWeights(0.1, 0.2)


def test_an_empty_grid_is_refused():
    with pytest.raises(ConfigurationError, match=r"grid.length.*expected a number, 1 or more"):
        WeightGrid([0.0], [])


def test_each_candidate_is_scored_with_its_own_line():
    lines = [
        Translation(
            str(row), tuple(Candidate("x" * n, 0.0, float(-n), ("x",) * n) for n in range(1, row))
        )
        for row in (2, 4, 3)
    ]

    def scorer(texts):
        return iter([Likelihood(-10.0 * len(one.text), 1, 1) for one in texts])

    for window in (1, 2, 5):
        results = list(score_candidates(lines, scorer, LineWindows(window, 1000, 2, 100)))
        expected = [[-10.0 * n for n in range(1, row)] for row in (2, 4, 3)]
        assert [[one.language for one in line] for line in results] == expected
        assert [[one.translation for one in line] for line in results] == [
            [-float(n) for n in range(1, row)] for row in (2, 4, 3)
        ]


def test_weights_are_read_as_they_were_written_and_broken_ones_are_refused(tmp_path):
    weights, score = WeightGrid([0.25], [0.5])(lists(), [GOOD], BLEU("13a"))
    settings = {"run": ["a"], "search": {"size": 3, "alpha": 0.6}}
    weights.save(tmp_path / "w.json", score, settings)
    assert RerankingWeights.load(tmp_path / "w.json", settings) == weights
    assert json.loads((tmp_path / "w.json").read_text())["tuned"]["metric"] == "BLEU"
    for broken in ("{}", '{"language": 0.1, "length": 0.1}'):
        (tmp_path / "w.json").write_text(broken)
        with pytest.raises(ModelError, match=r"w.json holds no weights .*to tune them again"):
            RerankingWeights.load(tmp_path / "w.json", settings)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A translation model, a language model of its pieces, an n-gram model, and one of others."""
    root = tmp_path_factory.mktemp("runs")
    small_run.save(root / "a")
    same = save_language_model(root / "lm", small_run.tokenizer())
    other = save_language_model(root / "other", tokenizers(44).target)
    lines = Ragged.from_lists(
        [small_run.tokenizer().encode(one) for one in small_run.starter("valid.de")]
    )
    model = NGramLanguageModel(KneserNey(3)(lines, small_run.tokenizer().size))
    node = {
        "order": 3,
        "estimator": {
            "_target_": "nmt.models.language_models.ngrams.kneser_ney.KneserNey",
            "order": 3,
        },
    }
    save_ngram(root / "ngram", model.tensors(), node, small_run.tokenizer(), {})
    stored = yaml.safe_load((root / "a" / "training" / "config.yaml").read_text())
    assert stored["data"]["name"] == "starter"
    return root, str(root / "a"), same, other, str(root / "ngram")


SMALL = ("search.size=3", "search.length_factor=0.3", "search.length_extra=3")


@pytest.mark.parametrize("language", [2, 4])
def test_a_fused_translation_differs_and_a_weight_of_0_changes_nothing(say, runs, language):
    lines = "\n".join(small_run.starter("test.de")[:4])
    alone = say("translate", translate, lines, f"run={runs[1]}", *SMALL)[1]
    fused = (f"run={runs[1]}", f"fusion.run={runs[language]}", *SMALL)
    assert say("translate", translate, lines, *fused, "fusion.weight=0")[1] == alone
    status, out, error = say("translate", translate, lines, *fused, "fusion.weight=3")
    assert (status, len(out.splitlines())) == (0, 4), error
    assert out != alone


def test_a_language_model_of_another_vocabulary_is_refused(say, runs):
    fused = (f"run={runs[1]}", f"fusion.run={runs[3]}")
    status, out, error = say("translate", translate, "Der Hund", *fused)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "other has another vocabulary than the translation model; train it on the same" in error
    status, _, error = say("translate", translate, "a", f"run={runs[1]}", "fusion.run=[a,b]")
    assert (status, "fusion.run=['a', 'b']: expected one name" in error) == (2, True)
    status, _, error = say(
        "translate", translate, "a", f"run={runs[1]}", "fusion.weight=-1", f"fusion.run={runs[2]}"
    )
    assert (status, "fusion.weight=-1.0: expected a number, 0 or more" in error) == (2, True)


def test_reranking_tunes_writes_and_reads_its_weights(say, runs, tmp_path):
    for language in ("de", "en"):
        text = "\n".join(small_run.starter(f"valid.{language}")[:5]) + "\n"
        (tmp_path / f"dev.{language}").write_text(text)
    arguments = (
        f"run={runs[1]}",
        f"language_run={runs[3]}",  # of any vocabulary
        "search.best=3",
        f"weights={tmp_path / 'w.json'}",
        *SMALL,
    )
    tuning = (f"source={tmp_path / 'dev.de'}", f"target={tmp_path / 'dev.en'}")
    text = "\n".join(small_run.starter("test.de")[:3]) + "\n\n"
    status, out, error = say("rerank", rerank, text, *arguments, *tuning)
    assert (status, len(out.splitlines())) == (0, 4), error
    assert "tuning on 5 lines of" in error
    assert "without reranking" in error
    again = say("rerank", rerank, text, *arguments)
    assert again[1] == out
    assert "tuning" not in again[2]
    for other, named in (
        (f"run=[{runs[1]},{runs[1]}]", "run=['"),
        (f"language_run={runs[2]}", f"language_run={runs[3]}, not {runs[2]}"),
        ("search.length_penalty.alpha=0.5", "search={'length_penalty': {"),
        (
            "metric=ter",
            "metric={'_target_': 'nmt.evaluation.metrics.bleu.BLEU', 'tokenizer': '13a'}, not ",
        ),
    ):
        status, out, error = say("rerank", rerank, text, *arguments, other)
        assert (status, out) == (2, "")
        assert f"w.json holds weights tuned for {named}" in error
        assert error.endswith("weights=FILE, or delete it to tune them again\n")


def test_sampled_translations_are_candidates_as_well(say, runs, tmp_path):
    (tmp_path / "dev.de").write_text("Der Hund\n")
    (tmp_path / "dev.en").write_text("The dog\n")
    dev = (f"source={tmp_path / 'dev.de'}", f"target={tmp_path / 'dev.en'}")
    where = (f"run={runs[1]}", f"language_run={runs[2]}", *dev, *SMALL[1:])
    for search in (("search=sample", "search.best=10"), ()):
        status, out, error = say("rerank", rerank, "Die Katze\n", *where, *search)
        assert (status, out.count("\n")) == (0, 1), error
    assert [configuration("rerank", [], ()).search[key] for key in ("size", "best")] == [10, 10]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("search.best=1", "search.best=1 leaves nothing to choose from; expected 2 or more"),
        ("search=beam", "search.best=1 leaves nothing to choose from; expected 2 or more"),
        ("search=sample", "search.best=1 leaves nothing to choose from; expected 2 or more"),
        (
            "search=greedy",
            "Greedy returns one candidate per line, which leaves nothing to choose from",
        ),
        ("source=a.de", "source= and target= go together"),
        ("grid.length=[]", "grid.length"),
    ],
)
def test_arguments_that_allow_no_reranking_are_refused(say, runs, argument, message):
    where = (f"run={runs[1]}", f"language_run={runs[2]}")
    status, out, error = say("rerank", rerank, "a", *where, argument)
    assert (status, out, error.count("\n")) == (2, "", 1), error
    assert message in error


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("grid.length=[0.0,null]", "length=[0.0, None] of {}: expected Sequence[float]"),
        ("grid.language=[a]", "language=['a'] of {}: expected Sequence[float]"),
        ("grid.language=true", "language=[True] of {}: expected Sequence[float]"),
        (
            "grid.language=[nan]",
            "grid.language=nan: expected a number, its magnitude at most 1e+30",
        ),
    ],
)
def test_a_weight_that_is_no_number_is_refused(say, runs, monkeypatch, argument, message):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users run without
    where = (f"run={runs[1]}", f"language_run={runs[2]}")
    status, out, error = say("rerank", rerank, "a", *where, argument)
    message = message.format("nmt.inference.reranking.WeightGrid")
    assert (status, out, error) == (2, "", f"error: {message}\n")


def test_an_arpa_file_holds_the_same_model(say, runs, tmp_path):
    path = tmp_path / "lm.arpa"
    status, _, error = say("arpa", arpa, "", f"run={runs[4]}", f"output={path}")
    assert status == 0, error
    new = tmp_path / "new"
    arguments = (f"run={new}", f"input={path}", f"pieces={runs[1]}")
    status, _, error = say("arpa", arpa, "", *arguments)
    assert status == 0, error
    one, two = (
        SavedLanguageModel.load(inspect(folder, ("language_model",), ()), choose("cpu")).model
        for folder in (new, runs[0] / "ngram")
    )
    target = lines(5, 3)
    actual, expected = one.log_probabilities(target), two.log_probabilities(target)
    assert actual.tolist() == [pytest.approx(row, abs=1e-4) for row in expected.tolist()]
    assert one.order == two.order == 3
    status, _, error = say("arpa", arpa, "", *arguments)
    assert (status, "holds a model already; take another run=NAME" in error) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run={2}", "output=x.arpa"), "holds a network; only an n-gram model can be"),
        (("run={4}",), "expected one of input=FILE and output=FILE"),
        (("run=new", "input=x.arpa"), "input= needs pieces=FOLDER"),
        (("run=new", "input=x.arpa", "pieces={1}"), "x.arpa"),
    ],
)
def test_invalid_arguments_of_arpa_are_refused(say, runs, arguments, message):
    status, out, error = say("arpa", arpa, "", *(one.format(*runs) for one in arguments))
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert message in error
