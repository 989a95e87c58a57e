"""N-gram models equal their definition, written out in dicts; files preserve them."""

import logging
import math
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
import torch

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.models import tree
from nmt.models.language_models.ngram import NGramLanguageModel
from nmt.models.language_models.ngrams import arpa
from nmt.models.language_models.ngrams.kneser_ney import FALLBACK, KneserNey, closed_form
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime.errors import ConfigurationError, CorpusError, ModelError

PIECES = 12
NAMES = ["<pad>", "<unk>", "<s>", "</s>", "▁a", "b", "▁", "ü", "▁der", "\u00a0", '"', "\\"]
A, B, C = 4, 5, 6
INFINITY = float("inf")


def corpus(count, seed, longest=9):
    """Return lines, some empty, whose pieces tend to be near the previous one."""
    random = np.random.default_rng(seed)
    usual = [UNKNOWN, *range(END + 1, PIECES)]
    lines = []
    for length in random.integers(0, longest, count):
        positions = (random.geometric(0.4, length).cumsum() - 1) % len(usual)
        lines.append([usual[position] for position in positions])
    return lines


def estimated(lines, order, pieces=PIECES):
    return KneserNey(order)(Ragged.from_lists(lines), pieces)


def padded(lines):
    target = torch.full((len(lines), max(map(len, lines)) + 2), PADDING)
    for row, line in zip(target, lines, strict=True):
        row[: len(line) + 2] = torch.tensor([BEGIN, *line, END])
    return target


def after(model, contexts):
    """Return what `step` returns after each context, whose last piece it reads."""
    padding = [PADDING] * (model.order - 1)
    states = [[*padding, *context[:-1]][len(context) - 1 :] for context in contexts]
    state = torch.tensor(states, dtype=torch.int64)
    return model.step(torch.tensor([context[-1] for context in contexts]), state)[0]


class Definition:
    """Interpolated modified Kneser-Ney by its recursion, with n-grams as tuples in dicts."""

    def __init__(self, lines, order):
        self.order = order
        occurrences, before = Counter(), defaultdict(set)
        for line in lines:
            marked = (BEGIN, *line, END)
            for length in range(1, order + 1):
                for start in range(len(marked) - length + 1):
                    ngram = marked[start : start + length]
                    occurrences[ngram] += 1
                    before[ngram[1:]].add(ngram[0])
        self.levels = [{} for _ in range(order)]
        for ngram, count in occurrences.items():
            raw = len(ngram) == order or ngram[0] == BEGIN
            if ngram != (BEGIN,):
                self.levels[len(ngram) - 1][ngram] = count if raw else len(before[ngram])
        self.level_discounts = [self.discounts(level) for level in self.levels]

    def discounts(self, level):
        one, two, three, four = (sum(n == k for n in level.values()) for k in (1, 2, 3, 4))
        if min(one, two, three) == 0:
            return (0, 0.5, 1, 1.5)
        share = one / (one + 2 * two)
        result = (1 - 2 * share * two / one, 2 - 3 * share * three / two)
        result = (0, *result, 3 - 4 * share * four / three)
        return result if min(result[1:]) > 0 else (0, 0.5, 1, 1.5)

    def probability(self, context, piece):
        context = context[max(0, len(context) - self.order + 1) :]
        return self.interpolated(context, piece)

    def interpolated(self, context, piece):
        level, discounts = self.levels[len(context)], self.level_discounts[len(context)]
        shorter = (
            self.interpolated(context[1:], piece)
            if context
            else 1 / (PIECES - len((PADDING, BEGIN)))
        )
        following = {n[-1]: count for n, count in level.items() if n[:-1] == context}
        if not following:
            return shorter
        total = sum(following.values())
        count = following.get(piece, 0)
        weight = sum(discounts[min(n, 3)] for n in following.values()) / total
        return (count - discounts[min(count, 3)]) / total + weight * shorter


def contexts_of(lines, order):
    """Return all contexts of the lines, and as many that are mostly not in them."""
    seen = set()
    for line in lines:
        marked = (BEGIN, *line)
        seen |= {marked[max(0, k - order) : k] for k in range(1, len(marked) + 1)}
    random = np.random.default_rng(1)
    unseen = {tuple(random.integers(END + 1, PIECES, order).tolist()) for _ in seen}
    return sorted(seen) + sorted(unseen - seen)


def test_a_bigram_model_computed_by_hand():
    # a b | a b | a c. Bigrams: BEGIN a 3, a b 2, b END 2, a c 1, c END 1; so t = 2, 2, 1, 0,
    # Y = 2 / (2 + 2·2) = 1/3, D1 = 1 - 2/3·2/2 = 1/3, D2 = 2 - 3/3·1/2 = 3/2, D3 = 3 - 0 = 3.
    # Unigrams count what is before them: a 1, b 1, c 1, END 2; no 3, so 0.5, 1 and 1.5 are taken:
    # (3·0.5 + 1) / 5 = 1/2 is left for five pieces, 1/10 each.
    model = NGramLanguageModel(estimated([[A, B], [A, B], [A, C]], 2, pieces=7))
    unigram = torch.zeros(7)
    unigram[UNKNOWN] = 1 / 10
    unigram[[A, B, C]] = (1 - 0.5) / 5 + 1 / 10
    unigram[END] = (2 - 1) / 5 + 1 / 10
    after_a = unigram * (3 / 2 + 1 / 3) / 3
    after_a[B] += (2 - 3 / 2) / 3
    after_a[C] += (1 - 1 / 3) / 3
    after_b = unigram * (3 / 2) / 2
    after_b[END] += (2 - 3 / 2) / 2
    after_begin = unigram * 3 / 3  # D3 takes all three
    after_unknown = unigram
    expected = torch.stack([after_a, after_b, after_begin, after_unknown])
    result = after(model, [(A,), (B,), (BEGIN,), (UNKNOWN,)])
    assert torch.allclose(result.exp(), expected, atol=1e-6)
    assert after_a[B].item() == pytest.approx(26 / 90)


def test_discounts_computed_by_hand():
    # Y = 10/18 = 5/9; 1 - 2·5/9·4/10, 2 - 3·5/9·3/4, 3 - 4·5/9·2/3
    assert closed_form([10, 4, 3, 2]) == pytest.approx((5 / 9, 3 / 4, 41 / 27))


@pytest.mark.parametrize("ngrams", [[0, 4, 3, 2], [10, 0, 3, 2], [10, 4, 0, 2], [10, 1, 5, 2]])
def test_discounts_that_do_not_exist_or_are_below_0_are_none(ngrams):
    assert closed_form(ngrams) is None


def test_fixed_discounts_are_logged_with_their_order(caplog):
    caplog.set_level(logging.WARNING)
    estimated([[A, B], [A, B], [A, C]], 2, pieces=7)
    assert [record.getMessage() for record in caplog.records] == [
        "n-grams of order 1: no discounts can be estimated from 3, 1, 0, 0 n-grams with counts of"
        " 1, 2, 3, 4; using 0.5, 1.0, 1.5"
    ]


@pytest.mark.parametrize("count", [1, 6, 150])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_estimate_equals_the_definition_in_all_contexts(order, count):
    lines = corpus(count, seed=order)
    model, definition = NGramLanguageModel(estimated(lines, order)), Definition(lines, order)
    contexts = contexts_of(lines, order)
    result = after(model, contexts).double()
    predicted = [piece for piece in range(PIECES) if piece not in (PADDING, BEGIN)]
    expected = torch.tensor(
        [[definition.probability(context, p) for p in predicted] for context in contexts]
    )
    assert torch.allclose(result[:, predicted].exp(), expected.double(), atol=1e-6)
    assert result[:, [PADDING, BEGIN]].eq(-INFINITY).all()
    assert torch.isfinite(result[:, predicted]).all()


def test_the_definition_is_compared_with_both_kinds_of_discounts():
    discounts = [
        Definition(corpus(150, seed=order), order).level_discounts for order in (1, 2, 3, 4)
    ]
    fixed = [tuple(one[1:]) == FALLBACK for levels in discounts for one in levels]
    assert 0 < sum(fixed) < len(fixed)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_probabilities_sum_to_one_in_each_context(order):
    lines = corpus(60, seed=order)
    result = after(NGramLanguageModel(estimated(lines, order)), contexts_of(lines, order))
    assert torch.allclose(result.double().exp().sum(1), torch.ones(len(result)).double(), atol=1e-6)


@pytest.mark.parametrize("order", [1, 2, 4, 10])
def test_whole_lines_are_scored_as_steps_score_them(order):
    model = NGramLanguageModel(estimated(corpus(50, seed=3), order))
    target = padded(corpus(20, seed=4))
    result = model.log_probabilities(target)
    state = model.start(len(target))
    for position in range(target.shape[1] - 1):
        labels = target[:, position + 1]
        following, state = model.step(target[:, position], state)
        expected = following.gather(1, labels.unsqueeze(1)).squeeze(1)
        assert torch.equal(result[:, position], expected.masked_fill(labels == PADDING, 0))
    assert torch.isfinite(result).all()


def test_rows_of_the_state_are_selected_like_those_of_any_state():
    model = NGramLanguageModel(estimated(corpus(50, seed=5), 3))
    _, state = model.step(torch.tensor([BEGIN, BEGIN]), model.start(2))
    _, state = model.step(torch.tensor([A, B]), state)
    both, _ = model.step(torch.tensor([C, C]), state)
    turned, _ = model.step(torch.tensor([C, C]), tree.select(state, torch.tensor([1, 0])))
    assert torch.equal(turned, both.flip(0))
    assert not torch.equal(both[0], both[1])


def test_longer_ngrams_fit_the_text_that_they_were_counted_in_better():
    lines = corpus(100, seed=6)
    fits = [
        NGramLanguageModel(estimated(lines, n)).log_probabilities(padded(lines)).sum()
        for n in (1, 2, 3, 4)
    ]
    assert fits == sorted(fits)
    assert len(set(fits)) == 4


@pytest.mark.parametrize("order", [0, -1, True])
def test_an_impossible_order_is_rejected(order):
    message = f"model.order={order}: expected a whole number, 1 or more"
    with pytest.raises(ConfigurationError, match=message):
        KneserNey(order)


def test_a_text_without_a_line_is_rejected():
    with pytest.raises(CorpusError, match="n-grams cannot be counted: the text has no line"):
        estimated([], 2)


@pytest.mark.parametrize("invalid", [PADDING, BEGIN, END, PIECES])
def test_an_id_that_text_cannot_have_is_rejected(invalid):
    message = f"the text has the id {invalid}, expected UNKNOWN or one from 4 to 11"
    with pytest.raises(CorpusError, match=message):
        estimated([[A], [A, invalid]], 2)


def test_lines_that_are_too_short_for_the_order_leave_it_empty():
    tables = estimated([[], []], 4)
    assert [len(keys) for keys in tables.keys] == [PIECES, 1, 0, 0]
    result = NGramLanguageModel(tables).log_probabilities(
        torch.tensor([[BEGIN, END, PADDING], [BEGIN, A, END]])
    )
    assert torch.isfinite(result).all()


@pytest.mark.parametrize("order", [1, 2, 4])
def test_an_arpa_file_preserves_the_tables(tmp_path, order):
    tables = estimated(corpus(80, seed=7), order)
    arpa.write(tmp_path / "model.arpa", tables, NAMES)
    result = arpa.read(tmp_path / "model.arpa", NAMES)
    assert result.order == order
    for read, written in zip(result.keys, tables.keys, strict=True):
        assert np.array_equal(read, written)
    for name in ("log_probabilities", "backoffs"):
        for read, written in zip(getattr(result, name), getattr(tables, name), strict=True):
            assert np.allclose(read, written, atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["model.arpa"]


def test_a_written_file_has_begin_and_no_padding(tmp_path):
    arpa.write(tmp_path / "model.arpa", estimated([[A, B], [A, B], [A, C]], 2, pieces=7), NAMES[:7])
    lines = (tmp_path / "model.arpa").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == ["\\data\\", "ngram 1=6", "ngram 2=5", ""]
    assert lines[4:6] == ["\\1-grams:", "-1.0000000\t<unk>\t0.0000000"]  # 1/10
    assert lines[6] == "-99.0000000\t<s>\t0.0000000"
    assert f"{math.log10(26 / 90):.7f}\t▁a b" in lines
    assert lines[-2:] == ["", "\\end\\"]


FOREIGN = """
\\data\\
ngram 1=5
ngram 2=2
ngram 3=1

\\1-grams:
-1.0 <unk>
0 <s> -0.5
-0.5 </s>
-0.3\t▁a -0.25
-0.7\tb

\\2-grams:
-0.1\t<s> ▁a
-0.2\t▁a b -0.4

\\3-grams:
-0.05\t<s> ▁a b

\\end\\
"""


def read(folder, text, names=NAMES):
    path = folder / "foreign.arpa"
    path.write_text(text, encoding="utf-8")
    return arpa.read(path, names)


def test_a_file_of_another_program_backs_off_as_its_format_defines(tmp_path):
    model = NGramLanguageModel(read(tmp_path, FOREIGN))
    result = after(model, [(BEGIN,), (A,), (B,), (BEGIN, A), (A, B)]) / math.log(10)
    assert result[0, A].item() == pytest.approx(-0.1)
    assert result[0, END].item() == pytest.approx(-0.5 - 0.5)
    assert result[1, B].item() == pytest.approx(-0.2)
    assert result[1, END].item() == pytest.approx(-0.25 - 0.5)
    assert result[2, A].item() == pytest.approx(-0.3)
    assert result[2, C].item() == pytest.approx(-1.0)  # not in the file: as probable as <unk>
    assert result[3, B].item() == pytest.approx(-0.05)
    assert result[3, END].item() == pytest.approx(0 - 0.25 - 0.5)
    assert result[4, A].item() == pytest.approx(-0.4 + 0 - 0.3)
    assert result[:, [PADDING, BEGIN]].eq(-INFINITY).all()


def test_ngrams_of_a_file_may_be_in_any_order(tmp_path):
    one, other = "-0.1\t<s> ▁a\n", "-0.2\t▁a b -0.4\n"
    turned = read(tmp_path, FOREIGN.replace(one + other, other + one))
    usual = read(tmp_path, FOREIGN)
    for name in ("keys", "log_probabilities", "backoffs"):
        for result, expected in zip(getattr(turned, name), getattr(usual, name), strict=True):
            assert np.array_equal(result, expected)


def test_a_logarithm_of_minus_99_is_a_probability_of_0(tmp_path):
    tables = read(tmp_path, FOREIGN.replace("-0.7\tb", "-99\tb"))
    assert tables.log_probabilities[0][B] == -INFINITY
    arpa.write(tmp_path / "model.arpa", tables, NAMES)
    assert "-99.0000000\tb\t" in (tmp_path / "model.arpa").read_text(encoding="utf-8")


def test_special_pieces_have_the_names_of_the_format(tmp_path):
    names = ["[PAD]", "[UNK]", "[BOS]", "[EOS]", *NAMES[A:]]
    result = read(tmp_path, FOREIGN, names)
    arpa.write(tmp_path / "model.arpa", result, names)
    assert "[" not in (tmp_path / "model.arpa").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("\\data\\", "data", 2, "expected .data., with which an ARPA file starts"),
        ("ngram 1=5", "ngram 1:5", 3, "'ngram 1:5', expected ngram 1=COUNT"),
        ("ngram 2=2", "ngram 3=2", 4, "'ngram 3=2', expected ngram 2=COUNT"),
        ("ngram 1=5\nngram 2=2\nngram 3=1", "", 4, "expected ngram 1=COUNT"),
        ("ngram 2=2", "ngram 2=3", 18, "2 2-grams, but the header says 3"),
        ("\\2-grams:", "\\two-grams:", 14, "two-grams:', expected .2-grams:"),
        ("\tb\n", "\tz\n", 12, "'z': expected a piece of the vocabulary"),
        ("\tb\n", "\t<pad>\n", 12, "'<pad>': expected a piece of the vocabulary"),
        ("▁a b -0.4", "ü b", 16, "'ü': expected one of the 1-grams"),
        ("▁a b -0.4", "▁a", 16, "2 fields, expected 3 or 4"),
        ("<s> ▁a b", "<s> ▁a b 0", 19, "5 fields, expected 4"),
        ("▁a -0.25", "▁a -0.25 1", 11, "4 fields, expected 2 or 3"),
        ("-0.2\t", "low\t", 16, "'low', '-0.4': expected a log-probability, at most 0"),
        ("-0.05\t", "nan\t", 19, "'nan': expected a log-probability, at most 0"),
        ("-0.05\t", "0.2\t", 19, "'0.2': expected a log-probability, at most 0"),
        ("-0.25", "inf", 11, "'-0.3', 'inf': .* a finite back-off"),
        ("\t<s> ▁a b", "\tb ▁a b", 19, "the n-gram without its last piece is not in the file"),
        ("-0.2\t▁a b", "-0.2\t<s> ▁a", 16, "the n-gram is in the file twice"),
        ("-0.7\tb", "-0.7\t▁a", 12, "the n-gram is in the file twice"),
        ("\\end\\", "\\4-grams:", 21, "expected .end."),
        ("\\end\\", "", 22, "the file ends before .end."),
    ],
)
def test_a_wrong_file_is_rejected_with_its_line(tmp_path, old, new, line, message):
    assert old in FOREIGN
    with pytest.raises(ModelError, match=rf"foreign\.arpa, line {line}: .*{message}"):
        read(tmp_path, FOREIGN.replace(old, new, 1))


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.arpa cannot be read: No such file"):
        arpa.read(tmp_path / "none.arpa", NAMES)


@pytest.mark.parametrize("name", ["two words", "", "tab\t"])
def test_a_name_with_space_is_rejected_in_reading_and_writing(tmp_path, name):
    names = [*NAMES[:A], name, *NAMES[B:]]
    message = f"piece 4 is {name!r}: an ARPA file has no names with space".replace("\\", "\\\\")
    with pytest.raises(ModelError, match=message):
        arpa.write(tmp_path / "model.arpa", estimated([[B]], 1), names)
    with pytest.raises(ModelError, match=message):
        read(tmp_path, FOREIGN, names)


def test_kenlm_scores_lines_by_the_written_file_as_we_do(tmp_path):
    kenlm = pytest.importorskip("kenlm")
    model = NGramLanguageModel(estimated(corpus(120, seed=8), 4))
    arpa.write(tmp_path / "model.arpa", estimated(corpus(120, seed=8), 4), NAMES)
    theirs = kenlm.Model(str(tmp_path / "model.arpa"))
    lines = corpus(40, seed=9)
    result = model.log_probabilities(padded(lines)) / math.log(10)
    for line, ours in zip(lines, result.tolist(), strict=True):
        scores = theirs.full_scores(" ".join(NAMES[piece] for piece in line))
        assert [score for score, *_ in scores] == pytest.approx(ours[: len(line) + 1], abs=1e-5)


def test_stored_tensors_make_the_same_model():
    model = NGramLanguageModel(estimated(corpus(50, seed=10), 3))
    tensors = model.tensors()
    same = NGramLanguageModel.from_tensors(tensors, PIECES)
    target = padded(corpus(20, seed=11))
    assert torch.equal(same.log_probabilities(target), model.log_probabilities(target))
    assert same.order == model.order == 3
    assert same.pieces == model.pieces == PIECES
    numbers = [table.numel() for name, table in tensors.items() if not name.startswith("keys")]
    assert same.weights == model.weights == sum(numbers)


def changed(table, position, value):
    table = table.clone()
    table[position] = value
    return table


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("keys.2", None, "lacks keys.2"),
        ("backoffs.2", None, "lacks backoffs.2"),
        ("log_probabilities.2", None, "lacks log_probabilities.2"),
        ("other", lambda _: torch.zeros(1), "of order 3 does not have 9 tables"),
        ("keys.3", lambda t: t.float(), "keys.3 is torch.float32 with 1 axes, expected torch.int"),
        ("keys.3", lambda t: t.view(-1, 1), "with 2 axes, expected torch.int64 with 1"),
        ("keys.1", lambda t: t + 1, "order 1 are not the 12 pieces"),
        ("keys.2", lambda t: changed(t, 0, -1), "order 2 have contexts that order 1 does not"),
        ("keys.3", lambda t: changed(t, -1, 2**60), "order 3 have contexts that order 2 does not"),
        ("keys.3", lambda t: changed(t, 0, t[1]), "order 3 are not sorted, or not distinct"),
        ("keys.3", lambda t: t[1:], "n-grams do not have a log-probability each"),
        ("log_probabilities.1", lambda t: t[1:], "n-grams do not have a log-probability each"),
        ("backoffs.1", lambda t: t[1:], "contexts do not have a back-off each"),
        ("log_probabilities.3", lambda t: changed(t, 0, 0.1), "order 3 have a log-probability abo"),
        ("log_probabilities.2", lambda t: t * math.nan, "order 2 have a log-probability above 0"),
        (
            "backoffs.2",
            lambda t: changed(t, 0, -INFINITY),
            "order 2 have a back-off that is not",
        ),
    ],
)
def test_damaged_tensors_are_rejected(name, change, message):
    tensors = NGramLanguageModel(estimated(corpus(50, seed=12), 3)).tensors()
    stored = tensors.pop(name, None)
    if change is not None:
        tensors[name] = change(stored)
    with pytest.raises(ModelError, match=message):
        NGramLanguageModel.from_tensors(tensors, PIECES)


def test_tensors_of_another_vocabulary_or_none_are_rejected():
    tensors = NGramLanguageModel(estimated(corpus(5, seed=13), 2)).tensors()
    with pytest.raises(ModelError, match="order 1 are not the 13 pieces"):
        NGramLanguageModel.from_tensors(tensors, 13)
    with pytest.raises(ModelError, match="order 1 are not the 12 pieces"):
        NGramLanguageModel.from_tensors({}, PIECES)


def test_rows_of_ngrams_are_found_and_unknown_ones_are_not():
    tables = estimated([[A, B], [A, C]], 3)
    known = np.array([[BEGIN, A], [A, B], [A, C], [B, END], [C, END]])
    assert tables.find(known).tolist() == [0, 1, 2, 3, 4]
    assert tables.find(np.array([[B, A], [PIECES - 1, END]])).tolist() == [-1, -1]
    assert tables.find(np.array([[B, A, B], [A, B, END]])).tolist() == [-1, 2]
    with pytest.raises(ModelError, match="contexts do not have a back-off each"):
        replace(tables, backoffs=tables.backoffs[:1]).check()
    assert isinstance(tables, NGramTables)
