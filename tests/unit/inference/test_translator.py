import itertools
import logging
from dataclasses import replace

import pytest
import torch
from helpers.saved_models import LINES, save, tokenizers
from helpers.searches import fixed

import nmt
from nmt.data.special_ids import END
from nmt.data.windows import LineWindows
from nmt.inference.line_translator import best_combinations
from nmt.inference.long_lines.split import SplitLongLines
from nmt.inference.long_lines.truncate import TruncateLongLines
from nmt.inference.sentences.split import SplitSentences
from nmt.inference.sentences.whole_lines import WholeLines
from nmt.inference.translation import Candidate, Translation
from nmt.inference.translator import Translator
from nmt.runtime.errors import ModelError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.sample import Sample
from nmt.search.scorers.ensemble import Ensemble
from nmt.search.scorers.single import SingleModel


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a small model with random weights."""
    return save(tmp_path_factory.mktemp("run"), 46)


ODD = [
    "",
    "Der Hund läuft hier.",
    "   ",
    "Das Kind\x00sitzt\u2028hier.",
    "Der Hund läuft hier.",
    "\t",
]


BEST_3 = Beam(3, 3, GNMT(0.6), 0.0, 8)


@pytest.fixture(scope="module")
def translator(saved):
    return Translator.load(saved, search=Greedy(2.0, 3), device="cpu")


def test_a_saved_model_translates(saved, translator):
    results = nmt.Translator.load(str(saved), search=Greedy(2.0, 3)).translate(LINES[:3])
    assert len(results) == 3
    assert all(results)
    assert results == translator.translate(LINES[:3])


def test_what_is_translated_is_what_the_search_finds_for_the_line_alone(translator):
    translator = replace(translator, search=BEST_3)
    for line, translation in zip(LINES[:9], translator.stream(LINES[:9]), strict=True):
        ids = translator.tokenizers.source.encode(line)
        expected = BEST_3(translator.scorer, torch.tensor([[*ids, 3]]))[0]
        assert translation.source == line
        assert len(translation.candidates) == 3
        for candidate, hypothesis in zip(translation.candidates, expected, strict=True):
            assert candidate.text == translator.tokenizers.target.decode(hypothesis.ids)
            assert candidate.score == pytest.approx(hypothesis.score, abs=1e-4)
            assert candidate.log_probability == pytest.approx(hypothesis.log_probability, abs=1e-4)
            assert list(candidate.pieces) == translator.tokenizers.target.pieces(hypothesis.ids)


@pytest.mark.parametrize(
    "search", [BEST_3, Sample(1.0, 0, 1.0, 1, 1, 0.0, 8)], ids=["beam", "sample"]
)
def test_windows_batches_and_the_order_of_lines_change_nothing(saved, search):
    translator = Translator.load(saved, search=search, device="cpu")
    translator.scorer.model.double()  # so that only errors make differences
    lines = LINES[:7] + ODD
    expected = translator.translate(lines)
    for windows in (
        LineWindows(1, 99, 1, 1),
        LineWindows(4, 99, 2, 1000),
        LineWindows(99, 1, 3, 60),
    ):
        other = replace(translator, windows=windows)
        assert other.translate(lines) == expected
        assert other.translate(lines[::-1]) == expected[::-1]


def test_empty_lines_stay_empty_and_reach_no_model(translator):
    mute = replace(translator, scorer=Ensemble([fixed([])]))
    assert mute.translate(["", "  ", "\x00\n\u2028", "\xa0"]) == [""] * 4
    assert mute.translate([]) == []
    assert next(mute.stream([" "])) == Translation(" ", (Candidate("", 0.0, 0.0, ()),))
    with pytest.raises(IndexError):
        mute.translate(["Der Hund"])


def test_separators_are_spaces_and_invisible_characters_are_left_out(translator):
    odd = "\x00Das\x1fKi\u00adnd\u2028si\u200btzt\x85hi\x07er.\r"
    assert translator.translate([odd]) == translator.translate(["Das Kind sitzt hier."])
    assert next(translator.stream([odd])).source == odd
    assert len(translator.translate(["Das Kind \ud800 sitzt."])) == 1


def test_an_n_best_list_has_each_text_once(translator):
    target = translator.tokenizers.target
    ids = {piece: id_ for id_, piece in enumerate(target.pieces(range(target.size)))}
    whole = target.encode("sitzt")
    spelt = [ids[letter] for letter in "▁sitzt"]
    assert whole != spelt
    assert target.decode(whole) == target.decode(spelt) == "sitzt"
    other = target.encode("hier")
    found = [
        Hypothesis(tuple(one), -float(n), -float(n))
        for n, one in enumerate([whole, spelt, other, whole], 1)
    ]
    fixed_search = replace(translator, search=lambda scorer, source: [found] * len(source))
    for line in ("Das Kind.", "Das Kind. Das Kind sitzt hier."):
        texts = [candidate.text for candidate in next(fixed_search.stream(line)).distinct]
        assert texts[0] == " ".join(["sitzt"] * line.count("."))
        assert len(texts) == len(set(texts)) > 1
    assert [one.score for one in next(fixed_search.stream("Das")).distinct] == [-1, -3]


def test_a_translation_never_holds_a_line_break(translator):
    pieces = tokenizers(300, byte_fallback=True)
    word = pieces.target.encode("Hund")
    names = pieces.target.pieces(range(300))
    newline = names.index("<0x0A>")
    rows = torch.full((3, 300), -50.0)
    rows[0, word[0]], rows[1, newline], rows[2, 3] = 0.0, 0.0, 0.0
    scripted = replace(translator, scorer=fixed(rows.tolist()), tokenizers=pieces)
    results = next(scripted.stream(["Hund"])).candidates[0]
    assert "<0x0A>" in results.pieces
    assert results.text == pieces.target.decode(word[:1])


@pytest.mark.slow
def test_an_endless_input_is_read_window_by_window(translator):
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield LINES[number % len(LINES)]

    windowed = replace(translator, windows=LineWindows(10, 1000, 5, 1000))
    results = list(itertools.islice(windowed.stream(endless()), 25))
    assert [translation.source for translation in results[:3]] == LINES[:3]
    assert len(read) == 30


@pytest.mark.slow
def test_lines_of_megabytes_are_held_one_by_one(translator):
    lines = [LINES[0] * 40, "", LINES[1], LINES[2] * 40, LINES[3]]
    read = []

    def noting():
        for line in lines:
            read.append(line)
            yield line

    windowed = replace(translator, windows=LineWindows(1000, 500, 5, 1000))
    stream = windowed.stream(noting())
    for taken in (1, 4, 4, 4, 5):
        next(stream)
        assert len(read) == taken


def test_a_long_work_says_how_far_it_is(translator, caplog, monkeypatch):
    monkeypatch.setattr("nmt.inference.line_translator.SECONDS", 0.0)
    small = replace(translator, windows=LineWindows(3, 1000, 1, 1000), long_lines=SplitLongLines(5))
    with caplog.at_level(logging.INFO):
        small.translate(["Hund", "", "Katze", LINES[0]])
    assert caplog.messages[:2] == [
        "lines 1-3: 1 of 2 parts are translated",
        "lines 1-3: 2 of 2 parts are translated",
    ]
    assert caplog.messages[2].startswith("line 4 has ")
    parts = len(caplog.messages) - 3
    assert parts > 1
    assert caplog.messages[-1] == f"lines 4-4: {parts} of {parts} parts are translated"


def test_a_short_work_says_nothing(translator, caplog):
    with caplog.at_level(logging.INFO):
        translator.translate(LINES)
    assert caplog.messages == []


def test_equal_lines_of_a_window_are_translated_once(translator):
    batches = []

    class Counting(SingleModel):
        def start(self, source):
            batches.append(len(source))
            return super().start(source)

    counting = replace(translator, scorer=Counting(translator.scorer.model))
    results = counting.translate(["Der Hund läuft hier."] * 50 + [LINES[0]])
    assert sum(batches) == 2
    assert results[0] == results[49] == translator.translate(["Der Hund läuft hier."])[0]


def test_a_long_line_is_split_translated_part_by_part_and_said(translator, caplog):
    line = " ".join(LINES[:6])
    parts = [" ".join(LINES[:3]), " ".join(LINES[3:6])]
    sizes = translator.tokenizers.source.encode_lines(parts)
    limit = max(len(size) for size in sizes)
    split = replace(
        translator, sentences=WholeLines(), long_lines=SplitLongLines(limit), search=BEST_3
    )
    with caplog.at_level(logging.WARNING):
        results = list(split.stream(["", line]))[1]
    expected = list(split.stream(parts))
    assert [one.text for one in results.candidates] == best_products(expected, " ")
    assert results.candidates[0].log_probability == pytest.approx(
        sum(part.candidates[0].log_probability for part in expected), abs=1e-4
    )
    pieces = len(translator.tokenizers.source.encode(line))
    assert caplog.messages == [
        f"line 2 has a sentence of {pieces} pieces, more than {limit};"
        " it was split into parts that are translated one by one"
    ]


def test_a_long_line_is_truncated_and_said(translator, caplog):
    tokenizer = translator.tokenizers.source
    short = replace(translator, long_lines=TruncateLongLines(4))
    expected = translator.translate([tokenizer.decode(tokenizer.encode(LINES[0])[:4])])
    with caplog.at_level(logging.WARNING):
        results = short.translate([LINES[0]] * 9)
    assert results == expected * 9
    assert len(caplog.messages) == 4
    assert caplog.messages[0].startswith("line 1 has ")
    assert caplog.messages[0].endswith("more than 4; it was cut off there")
    assert caplog.messages[3] == "9 lines had sentences of more than 4 pieces in all"


def best_products(translations, space):
    """Return the texts of the best combinations of candidates, found by trying all."""
    products = itertools.product(*(one.candidates for one in translations))
    ranked = sorted(products, key=lambda chosen: -sum(one.score for one in chosen))
    most = max(len(one.candidates) for one in translations)
    return [space.join(one.text for one in chosen) for chosen in ranked[:most]]


@pytest.mark.parametrize("space", [" ", "   ", "\u00a0"])
def test_the_sentences_of_a_line_are_translated_one_by_one(translator, space):
    best3 = replace(translator, search=BEST_3)
    sentences = ["Der Hund läuft hier.", "Wo ist die Katze?", "Der Hund läuft hier."]
    joined, *alone = best3.stream([space.join(sentences), *sentences])
    assert [one.text for one in joined.candidates] == best_products(alone, space)
    assert joined.source == space.join(sentences)
    best = [one.candidates[0] for one in alone]
    first = joined.candidates[0]
    assert first.score == pytest.approx(sum(one.score for one in best), abs=1e-4)
    assert first.log_probability == pytest.approx(
        sum(one.log_probability for one in best), abs=1e-4
    )
    assert first.pieces == tuple(piece for one in best for piece in one.pieces)


def test_sentences_without_white_space_between_them_get_a_space(translator):
    japanese = replace(translator, sentences=SplitSentences("ja"))
    together, *alone = japanese.translate(["Hund。Katze。", "Hund。", "Katze。"])
    assert together == " ".join(alone)


def test_whole_lines_are_translated_as_one_sentence(translator):
    whole = replace(translator, sentences=WholeLines())
    line = "Der Hund läuft hier. Wo ist die Katze?"
    ids = [*whole.tokenizers.source.encode(line), END]
    best = whole._find([ids])[0][0]
    assert whole.translate([line]) == [whole.tokenizers.target.decode(best.ids)]
    assert whole.translate([line]) != translator.translate([line])


def test_combinations_are_those_of_the_highest_sums_and_of_equal_ones_the_earlier():
    parts = [
        [Hypothesis((part, rank), score, score) for rank, score in enumerate(scores)]
        for part, scores in enumerate([[-1.0, -2.0, -2.0], [-1.0], [-0.5, -0.5, -3.0]])
    ]
    product = list(itertools.product(*parts))
    for count in (1, 3, 100):
        expected = sorted(product, key=lambda chosen: -sum(one.score for one in chosen))[:count]
        assert best_combinations(parts, count) == expected


def test_batches_hold_each_sentence_once_within_their_bounds():
    lengths = [3, 50, 1, 7, 7, 2, 9, 4, 30, 1]
    batches = list(LineWindows(100, 1000, 3, 24).batches(lengths))
    assert sorted(number for batch in batches for number in batch) == list(range(10))
    for batch in batches:
        assert len(batch) <= 3
        assert len(batch) == 1 or len(batch) * max(lengths[number] for number in batch) <= 24


def test_an_ensemble_of_a_model_with_itself_translates_as_it_does(saved, translator):
    both = Translator.load([saved, str(saved)], search=BEST_3)
    alone = replace(translator, search=BEST_3)
    assert both.translate(LINES[:8]) == alone.translate(LINES[:8])


def test_models_of_different_vocabularies_are_no_ensemble(saved, tmp_path):
    other = save(tmp_path, 40)
    with pytest.raises(ModelError, match=r"another source vocabulary than .*same prepared corpus"):
        Translator.load([saved, other])
    with pytest.raises(ModelError, match="no model is given"):
        Translator.load([])
