"""Scores: golden values with their reasons, cuts by length, systems against each other."""

import random
import re
import ssl
import urllib.request
from functools import partial
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import pytest
import sacrebleu
from sacrebleu.tokenizers import tokenizer_ja_mecab, tokenizer_ko_mecab, tokenizer_spm
from sacrebleu.tokenizers.tokenizer_base import BaseTokenizer

from nmt.evaluation import scores
from nmt.evaluation.metrics.bleu import BLEU, LowercaseBLEU
from nmt.evaluation.metrics.chrf import ChrF
from nmt.evaluation.metrics.ter import TER
from nmt.runtime.errors import ConfigurationError, MissingExtraError, NmtError

METRICS = (BLEU("13a"), ChrF(6, 0, 2), TER())
WORDS = ["a", "the", "dog", "cat", "runs", "sits", "on", "under", "big", "red", "old", "street"]


def noisy(lines: list[str], share: float, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [" ".join(word for word in line.split() if generator.random() > share) for line in lines]


def sentences(count: int) -> list[str]:
    generator = random.Random(0)
    return [" ".join(generator.choices(WORDS, k=generator.randint(4, 20))) for _ in range(count)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_score_keeps_no_line_in_memory(metric):
    metric(sentences(3), sentences(3))
    methods = [it for rules in BaseTokenizer.__subclasses__() for it in vars(rules).values()]
    caches = [method.cache_info() for method in methods if hasattr(method, "cache_info")]
    assert len(caches) >= 2
    assert not any(cache.currsize for cache in caches)


@pytest.mark.parametrize("metric", [BLEU, LowercaseBLEU])
@pytest.mark.parametrize(
    ("tokenizer", "module", "extra"),
    [("ja-mecab", tokenizer_ja_mecab, "ja"), ("ko-mecab", tokenizer_ko_mecab, "ko")],
)
def test_a_tokenizer_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch, metric, tokenizer, module, extra
):
    monkeypatch.setattr(module, "MeCab", None)
    with pytest.raises(MissingExtraError) as raised:
        metric(tokenizer)
    assert str(raised.value) == (
        f"MeCab, which tokenizer={tokenizer} of BLEU needs, is not installed; install it with:"
        f" pip install 'recurrent-nmt[{extra}]'"
    )


DOWNLOADED = ["spm", "flores101", "flores200", "spBLEU-1K"]


@pytest.mark.parametrize("tokenizer", DOWNLOADED)
@pytest.mark.parametrize(
    "error",
    [
        URLError("[Errno -2] Name or service not known"),
        TimeoutError("timed out"),
        ssl.SSLError("handshake"),  # sacreBLEU exits
        IncompleteRead(b""),
        PermissionError(13, "Permission denied"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_tokenizer_that_cannot_be_downloaded_is_named_with_address_and_file(
    monkeypatch, tmp_path, tokenizer, error
):
    def fail(*_):
        raise error

    for module in (sacrebleu.utils, tokenizer_spm):
        monkeypatch.setattr(module, "SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(NmtError) as raised:
        BLEU(tokenizer)
    text = str(raised.value)
    assert text.startswith(f"tokenizer={tokenizer} of BLEU cannot be loaded: ")
    assert "bring its model from https://" in text
    assert f" to {tmp_path}/models/" in text
    assert "\n" not in text


@pytest.mark.parametrize("tokenizer", DOWNLOADED)
@pytest.mark.parametrize("data", [b"", b"half a model"])
def test_a_tokenizer_whose_model_is_damaged_is_named_with_its_file(
    monkeypatch, tmp_path, tokenizer, data
):
    for module in (sacrebleu.utils, tokenizer_spm):
        monkeypatch.setattr(module, "SACREBLEU_DIR", str(tmp_path))
    file = tmp_path / "models" / Path(tokenizer_spm.SPM_MODELS[tokenizer]["url"]).name
    file.parent.mkdir()
    file.write_bytes(data)
    with pytest.raises(NmtError, match=re.escape(f"{file}, or delete that file if it is damaged")):
        BLEU(tokenizer)


def test_bleu_of_one_wrong_word_in_six_is_what_the_formula_says():
    # Of the hypothesis's n-grams stand in the reference 5 of 6, 3 of 5, 1 of 4 and 0 of 3, and
    # exponential smoothing counts that 0 as 1/2. Lengths are equal, so brevity costs nothing:
    # 100 * (5/6 * 3/5 * 1/4 * 1/6) ** (1/4)
    score = BLEU("13a")(["the cat sat on the mat"], ["the cat is on the mat"])
    assert score.value == pytest.approx(37.9918, abs=1e-4)
    expected = f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}"
    assert score.signature == expected
    assert str(score) == f"BLEU 38.0 ({expected})"


def test_bleu_depends_on_case_and_lowercase_bleu_does_not():
    hypotheses, references = ["A dog runs on the road ."], ["a Dog runs on the road ."]
    assert BLEU("13a")(hypotheses, references).value < 80
    lower = LowercaseBLEU("13a")(hypotheses, references)
    assert lower.value == pytest.approx(100)
    assert "case:lc" in lower.signature


def test_chrf_is_the_f_score_of_averaged_precision_and_recall():
    # Of a, b, c stand 2 of 3 characters in abd, 1 of 2 pairs, 0 of 1 triple; longer n-grams there
    # are none. Precision and recall are both (2/3 + 1/2 + 0) / 3.
    score = ChrF(6, 0, 2)(["abc"], ["abd"])
    assert score.metric == "chrF2"
    assert score.value == pytest.approx(100 * (2 / 3 + 1 / 2) / 3)
    assert score.signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no")


def test_ter_counts_a_moved_block_as_one_edit():
    score = TER()(["on the mat the cat sat"], ["the cat sat on the mat"])
    assert score.value == pytest.approx(100 / 6)
    assert score.signature.startswith("nrefs:1|case:lc|tok:tercom")


def test_bleu_is_that_of_sacrebleu_by_its_defaults():
    lines = sentences(50)
    hypotheses = noisy(lines, 0.2, 1)
    expected = sacrebleu.corpus_bleu(hypotheses, [lines]).score
    assert BLEU("13a")(hypotheses, lines).value == expected


def test_different_numbers_of_lines_are_refused_with_both_numbers():
    for call in (
        *(partial(metric, ["a"], ["a", "b"]) for metric in METRICS),
        lambda: scores.by_length(["a"], ["a", "b"], [1], [10], METRICS),
        lambda: scores.compare({"one": ["a"]}, ["a", "b"], METRICS, 10),
    ):
        with pytest.raises(NmtError, match=r"^1 hypotheses cannot .* 2 references"):
            call()


def test_an_empty_test_set_is_refused():
    with pytest.raises(NmtError, match="empty test set"):
        BLEU("13a")([], [])


def test_an_unknown_tokenizer_is_refused_naming_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"'13b' .* 13a"):
        BLEU("13b")


def test_each_sentence_falls_into_one_bucket_and_empty_buckets_stay():
    lines = ["one two", "a b c d e f", "", "w " * 40]
    buckets = scores.by_length(lines, lines, [2, 6, 0, 40], [5, 10, 20, 30], METRICS)
    assert [bucket.name for bucket in buckets] == ["0-5", "6-10", "11-20", "21-30", "31+"]
    assert [bucket.lines for bucket in buckets] == [2, 1, 0, 0, 1]
    assert [len(bucket.scores) for bucket in buckets] == [3, 3, 0, 0, 3]


def test_a_bucket_is_scored_as_the_same_lines_alone():
    lines = sentences(60)
    hypotheses = noisy(lines, 0.2, 1)
    lengths = [len(line.split()) for line in lines]
    long = [row for row, length in enumerate(lengths) if length > 10]
    last = scores.by_length(hypotheses, lines, lengths, [10], METRICS)[-1]
    alone = [[text[row] for row in long] for text in (hypotheses, lines)]
    assert list(last.scores) == [metric(*alone) for metric in METRICS]


def test_bounds_that_do_not_rise_are_refused():
    with pytest.raises(ConfigurationError, match=r"\[20, 10\]"):
        scores.by_length(["a"], ["a"], [1], [20, 10], METRICS)


def test_a_much_worse_system_differs_significantly_and_an_equal_one_does_not():
    lines = sentences(100)
    good = noisy(lines, 0.1, 1)
    systems = {"good": good, "equal": noisy(lines, 0.1, 2), "bad": noisy(lines, 0.3, 3)}
    results = scores.compare(systems, lines, METRICS, 200)
    assert [(each.system, each.score.metric) for each in results] == [
        (system, metric) for metric in ("BLEU", "chrF2", "TER") for system in systems
    ]
    for baseline, equal, bad in (results[:3], results[3:6], results[6:]):
        assert baseline.p_value is None
        assert equal.p_value > 0.05
        assert bad.p_value == pytest.approx(1 / 201)
        assert abs(baseline.mean - baseline.score.value) < baseline.interval
        assert "bs:200|seed:12345" in bad.score.signature


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize(
    ("first", "second", "references"),
    [
        (["a b c d e"] * 3, ["a b c d e"] * 3, ["a b c d f", "a", "a b c d e"]),
        (["a b c d e", "x"], ["a b c d e", "x"], ["a b c d e", "x"]),
        (["x", "y"], ["v", "w"], ["a", "b"]),  # equally wrong
        (["a b c d e "], ["a b c d e"], ["a b c d f"]),  # white space, which no metric counts
        (["a b c d e"], ["a b c x x"], ["a b c d e"]),  # one line
        (["a b c d e"] * 200, ["a b c x x"] * 200, ["a b c d e"] * 200),  # the same one
        ([""], [""], ["a"]),
    ],
)
def test_where_resamples_do_not_vary_nothing_is_significant(metric, first, second, references):
    _, result = scores.compare({"a": first, "b": second}, references, [metric], 50)
    assert result.p_value == 1.0


def test_equal_systems_are_not_significant_with_several_references_either():
    lines, others = sentences(30), noisy(sentences(30), 0.1, 7)
    equal = noisy(lines, 0.2, 1)
    named = {"a": equal, "b": list(equal), "c": noisy(lines, 0.2, 2)}
    results = scores.compare(named, lines, METRICS, 50, [others])
    assert [each.p_value for each in results if each.system == "b"] == [1.0, 1.0, 1.0]
    assert all(each.p_value < 1.0 for each in results if each.system == "c")


@pytest.mark.parametrize(("count", "warned"), [(1, True), (99, True), (100, False)])
def test_a_comparison_by_few_lines_is_warned_of(caplog, count, warned):
    lines = sentences(count)
    scores.compare({"a": lines, "b": noisy(lines, 0.2, 1)}, lines, METRICS[:1], 5)
    message = f"the test set has {count} lines; a comparison by fewer than 100 says little"
    assert any(one.startswith(message) for one in caplog.messages) == warned


def test_a_much_better_system_of_many_lines_stays_significant():
    """Perfect against all wrong: no sample varies, but by a difference that each line has."""
    lines = sentences(100)
    _, result = scores.compare({"a": ["x"] * 100, "b": lines}, lines, METRICS[:1], 50)
    assert result.p_value == pytest.approx(1 / 51)


def test_values_of_a_comparison_are_those_without_resampling():
    lines = sentences(40)
    hypotheses = noisy(lines, 0.2, 1)
    results = scores.compare({"only": hypotheses}, lines, METRICS, 20)
    plain = [metric(hypotheses, lines).value for metric in METRICS]
    assert [each.score.value for each in results] == plain
