import subprocess
import sys
from collections import defaultdict
from functools import partial

import numpy as np
import pytest
import torch
from helpers.networks import DECODERS, PIECES
from helpers.scorers import rows, single
from helpers.searches import forced, padded, same
from safetensors.numpy import save as serialise

from nmt.data.lexicon import ibm_model_1
from nmt.data.lexicon import lexicon as lexicons
from nmt.data.lexicon.lexicon import TranslationLexicon, sample_rows
from nmt.data.ragged import Ragged
from nmt.data.special_ids import END, PADDING
from nmt.models.linear.packed import pack
from nmt.runtime.errors import ConfigurationError, ModelError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.scorers.ensemble import Ensemble
from nmt.search.scorers.shortlisted import Shortlisted
from nmt.search.scorers.single import SingleModel
from nmt.search.shortlists.lexical import LexicalShortlist
from nmt.search.shortlists.none import NoShortlist
from nmt.search.shortlists.shortlist import ShortlistedPieces


def pairs(seed, count=60, pieces=30):
    """Sentences, and translations word by word: `id + 1`, in another order, now and then none."""
    random = np.random.default_rng(seed)
    sources = [random.integers(4, pieces - 1, random.integers(1, 9)).tolist() for _ in range(count)]
    targets = [[piece + 1 for piece in row[::-1] if random.random() < 0.9] for row in sources]
    return sources, targets


def plain_model_1(sources, targets):
    """The equations of Brown et al. 1993, word by word."""
    t = defaultdict(lambda: 1.0)
    for _ in range(ibm_model_1.ITERATIONS):
        counts, totals = defaultdict(float), defaultdict(float)
        for source, target in zip(sources, targets, strict=True):
            for word in target:
                causes = [ibm_model_1.NULL, *source]
                whole = sum(t[piece, word] for piece in causes)
                for piece in causes:
                    counts[piece, word] += t[piece, word] / whole
                    totals[piece] += t[piece, word] / whole
        t = defaultdict(float, {key: count / totals[key[0]] for key, count in counts.items()})
    return dict(t)


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_the_lexicon_is_estimated_by_the_equations(block, monkeypatch):
    monkeypatch.setattr(ibm_model_1, "BLOCK", block)
    sources, targets = pairs(1)
    table = ibm_model_1.learn(Ragged.from_lists(sources), Ragged.from_lists(targets), 30)
    expected = plain_model_1(sources, targets)
    keys = zip(table.source.tolist(), table.target.tolist(), strict=True)
    probabilities = dict(zip(keys, table.probabilities.tolist(), strict=True))
    assert probabilities.keys() == expected.keys()
    assert probabilities == pytest.approx(expected)


def test_the_best_translation_of_a_piece_is_its_translation():
    sources, targets = pairs(2, count=400)
    lexicon = TranslationLexicon.learn(
        Ragged.from_lists(sources), Ragged.from_lists(targets), 30, 30
    )
    assert lexicon.translations[4:29, 0].tolist() == list(range(5, 30))
    assert set(lexicon.translations[[PADDING, 1, 2, END, 29]].flat) == {END}
    counts = np.bincount([piece for row in targets for piece in row], minlength=30)
    assert lexicon.frequent.tolist() == sorted(range(4, 30), key=lambda piece: -counts[piece])


def test_a_lexicon_of_no_pairs_has_no_translations():
    lexicon = TranslationLexicon.learn(Ragged.from_lists([]), Ragged.from_lists([]), 9, 9)
    assert set(lexicon.translations.flat) == {END}
    assert lexicon.frequent.tolist() == [4, 5, 6, 7, 8]
    empty = TranslationLexicon.learn(Ragged.from_lists([[4]]), Ragged.from_lists([[]]), 9, 9)
    assert set(empty.translations.flat) == {END}


def test_a_large_corpus_is_sampled_within_a_bound_and_always_alike(monkeypatch):
    lengths = np.full(1000, 9)
    assert sample_rows(lengths, lengths).tolist() == list(range(1000))
    monkeypatch.setattr(lexicons, "MAX_LINKS", 100 * 90 + 5)
    chosen = sample_rows(lengths, lengths)
    assert len(chosen) == 100 and chosen.tolist() == sorted(set(chosen.tolist()))
    assert chosen.tolist() == sample_rows(lengths, lengths).tolist()
    assert chosen.min() < 100 and chosen.max() > 900
    long = np.array([5, 2000, 5])
    assert sample_rows(long, long).tolist() == [0, 2]


def trained_lexicon(pieces=PIECES):
    sources, targets = pairs(3, 200, pieces)
    return TranslationLexicon.learn(
        Ragged.from_lists(sources), Ragged.from_lists(targets), pieces, pieces
    )


def test_a_lexicon_is_read_as_it_was_written(tmp_path):
    (tmp_path / "lexicon.safetensors").write_bytes(trained_lexicon().to_bytes())
    loaded = TranslationLexicon.load(tmp_path / "lexicon.safetensors", PIECES, PIECES)
    assert (loaded.translations == trained_lexicon().translations).all()
    assert (loaded.frequent == trained_lexicon().frequent).all()
    assert loaded.to_bytes() == trained_lexicon().to_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequent": None}, "expected translations and frequent, of dtype I64"),
        ({"frequent": np.zeros(3, np.float32)}, "expected translations and frequent, of dtype I64"),
        ({"more": np.zeros(3, np.int64)}, "expected translations and frequent, of dtype I64"),
        ({"translations": np.full((39, 50), END)}, "expected translations for 40 source pieces"),
        ({"translations": np.full(40, END)}, "expected translations for 40 source pieces"),
        ({"frequent": np.full(41, END)}, "expected frequent of 36 target pieces"),
        ({"frequent": np.full((2, 2), END)}, "expected frequent of 36 target pieces"),
        ({"frequent": np.r_[4:39, 40]}, "frequent has ids from 4 to 40, of 40 pieces"),
        ({"translations": np.full((40, 2), -1)}, "translations has ids from -1 to -1, of 40"),
        ({"translations": np.full((40, 2), 2)}, "translations has ids from 2 to 2, of 40"),
    ],
)
def test_a_lexicon_of_another_model_is_refused(tmp_path, change, message):
    lexicon = trained_lexicon()
    whole = {"translations": lexicon.translations, "frequent": lexicon.frequent, **change}
    path = tmp_path / "lexicon.safetensors"
    path.write_bytes(serialise({name: array for name, array in whole.items() if array is not None}))
    with pytest.raises(ModelError, match=message):
        TranslationLexicon.load(path, PIECES, PIECES)


def lists(listed):
    return [listed.ids[mask].tolist() for mask in listed.mask]


def test_a_list_has_end_the_frequent_pieces_and_the_translations_of_the_sentence():
    lexicon = trained_lexicon()
    choose = LexicalShortlist(3, 2)(lambda: lexicon)
    listed = choose(np.array([[7, 9, END, PADDING], [5, 6, 8, END]]))
    always = {END, *lexicon.frequent[:3].tolist()}
    for row, expected in zip(lists(listed), ([7, 9], [5, 6, 8]), strict=True):
        assert set(row) == always | set(lexicon.translations[expected, :2].flat)
    assert listed.ids.tolist() == sorted(set(listed.ids.tolist())) and listed.ids[0] == END
    assert listed.mask.any(axis=0).all()


def test_a_shortlist_does_not_depend_on_batch_or_padding():
    choose = LexicalShortlist(3, 2)(trained_lexicon)
    together = lists(choose(padded(rows(), more=3).numpy()))
    assert together == [lists(choose(np.array([row])))[0] for row in rows()]


def test_shortlists_do_not_import_torch():
    code = (
        "import sys, nmt.search.shortlists.lexical, nmt.search.shortlists.none;"
        "import nmt.data.lexicon.lexicon;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_shortlist_no_lexicon_is_read():
    def refuse():
        raise AssertionError

    assert NoShortlist()(refuse) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(LexicalShortlist, -1, 3), "shortlist.frequent=-1: expected 0 or more"),
        (partial(LexicalShortlist, 3, 0), "shortlist.translations=0: expected 1 to 50"),
        (partial(LexicalShortlist, 3, 51), "shortlist.translations=51: expected 1 to 50"),
    ],
)
def test_numbers_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


def everything(source):
    ids = np.arange(END, PIECES)
    return ShortlistedPieces(ids, np.ones((len(source), len(ids)), bool))


SEARCHES = [Greedy(1.0, 4), Beam(4, 3, GNMT(0.6), 1.0, 4)]


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.__name__)
def test_a_shortlist_of_all_pieces_changes_no_translation(decoder):
    model = single(2, decoder).model
    with torch.no_grad():
        model.decoder.output.bias[:END] = -1e9
    for search in SEARCHES:
        alone = search(SingleModel(model), padded(rows()))
        listed = search(Shortlisted(model, everything), padded(rows()))
        for hypotheses, expected in zip(listed, alone, strict=True):
            same(hypotheses, [(each.score, each.log_probability, each.ids) for each in expected])


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: type(search).__name__)
def test_translations_with_a_shortlist_do_not_depend_on_the_batch(search):
    choose = LexicalShortlist(2, 1)(trained_lexicon)
    scorer = Shortlisted(single(5).model, choose)
    together = search(scorer, padded(rows(), more=2))
    for row, own, hypotheses in zip(
        rows(), lists(choose(padded(rows()).numpy())), together, strict=True
    ):
        alone = search(scorer, torch.tensor([row]))[0]
        same(hypotheses, [(each.score, each.log_probability, each.ids) for each in alone])
        for hypothesis in hypotheses:
            assert set(hypothesis.ids) <= set(own)
            expected = forced(scorer, row, hypothesis.ids)
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


def test_an_ensemble_has_one_shortlist():
    choose = LexicalShortlist(2, 1)(trained_lexicon)
    members = [Shortlisted(single(seed).model, choose) for seed in (1, 2)]
    search = SEARCHES[1]
    together = search(Ensemble(members), padded(rows()))
    for row, hypotheses in zip(rows(), together, strict=True):
        alone = search(Ensemble(members), torch.tensor([row]))[0]
        same(hypotheses, [(each.score, each.log_probability, each.ids) for each in alone])


@pytest.mark.parametrize("rounding", [torch.float32, torch.bfloat16])
def test_the_columns_of_a_packed_output_are_packed_alike(rounding):
    model = pack(single(1).model.float(), rounding)
    ids, readouts = torch.tensor([3, 7, 20]), torch.randn(5, 8)
    columns = model.columns(ids)
    assert columns.weight.compute_dtype == rounding
    eps = torch.finfo(rounding).eps
    torch.testing.assert_close(
        columns(readouts), model.logits(readouts)[:, ids], rtol=4 * eps, atol=4 * eps
    )
