"""Tokenizers trained on text: raw text in and out, the same pieces for the same settings."""

import ctypes
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
import sentencepiece

from nmt.data.special_ids import BEGIN, END, PADDING, SPECIAL, UNKNOWN
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.data.tokenization.training import (
    BPETrainer,
    JointVocabulary,
    SeparateVocabularies,
    UnigramTrainer,
)
from nmt.runtime.errors import ConfigurationError, CorpusError, ModelError
from nmt.runtime.signals import Terminated, raise_on_sigterm

HERE = Path(__file__).parent
PATHS = os.pathsep.join(map(str, (HERE, HERE.parents[1], HERE.parents[2])))
RANDOM = np.random.default_rng(1)
SYLLABLES = [
    "der",
    "Hund",
    "Katz",
    "te",
    "ein",
    "aus",
    "schlä",
    "ft",
    "sie",
    "ge",
    "ro",
    "ße",
    "Stra",
    "Öl",
    "un",
    "nicht",
    "lau",
    "ver",
    "en",
]
WORDS = ["".join(RANDOM.choice(SYLLABLES, RANDOM.integers(1, 4))) for _ in range(300)]
LINES = [" ".join(RANDOM.choice(WORDS, 6)) + "." for _ in range(300)]
SETTINGS = {
    "size": 80,
    "character_coverage": 1.0,
    "symbols": [],
    "byte_fallback": False,
    "normalization": "nmt_nfkc",
    "max_lines": 1000,
    "threads": 2,
}


def pieces(method=UnigramTrainer, **changed):
    return method(**{**SETTINGS, **changed})


def elsewhere(expression):
    """Return what the expression prints in a new process, where nothing was sampled before."""
    imports = "from hashlib import sha256; from test_tokenizer import *"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; print({expression})"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PATHS},
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture(scope="module", params=[UnigramTrainer, BPETrainer])
def tokenizer(request):
    return pieces(request.param).train(LINES)


def test_cased_text_comes_back_from_its_pieces(tokenizer):
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_lines(LINES)] == LINES


def test_encoding_adds_no_special_ids_and_many_lines_equal_one_by_one(tokenizer):
    encoded = tokenizer.encode_lines(LINES)
    assert encoded == [tokenizer.encode(line) for line in LINES]
    assert not set(chain.from_iterable(encoded)) & set(SPECIAL)
    assert max(chain.from_iterable(encoded)) < tokenizer.size == 80


def test_the_special_ids_are_those_of_the_program(tokenizer):
    names = tokenizer.pieces([PADDING, UNKNOWN, BEGIN, END])
    assert names == ["<pad>", "<unk>", "<s>", "</s>"]


def test_unknown_characters_read_as_a_mark_in_their_place_and_special_ids_as_nothing(tokenizer):
    assert tokenizer.decode(tokenizer.encode("Hund ☃ Haus")) == "Hund ⁇ Haus"
    assert tokenizer.decode(tokenizer.encode("Hu☃nd")) == "Hu⁇nd"
    ids = tokenizer.encode("Hund")
    assert tokenizer.decode([BEGIN, *ids, END, PADDING]) == "Hund"
    assert tokenizer.decode([]) == ""


def test_numpy_integers_are_accepted_as_ids(tokenizer):
    ids = np.array(tokenizer.encode("die Katze"), np.uint16)
    assert tokenizer.decode(ids.tolist()) == "die Katze"


def test_byte_fallback_spells_what_has_no_piece():
    tokenizer = pieces(size=340, byte_fallback=True).train(LINES)
    ids = tokenizer.encode("Hund ☃ 犬")
    assert UNKNOWN not in ids
    assert tokenizer.decode(ids) == "Hund ☃ 犬"


@pytest.mark.parametrize("normalization", ["nmt_nfkc", "identity"])
def test_a_tab_is_a_space_with_any_normalization(normalization):
    tokenizer = pieces(normalization=normalization).train(LINES)
    assert tokenizer.encode("der\tHund") == tokenizer.encode("der Hund")
    sampled = rows(tokenizer.sample_lines(["der\tHund"], 0.1, 3))
    assert sampled == rows(tokenizer.sample_lines(["der Hund"], 0.1, 3))


def test_the_configured_normalization_is_used():
    lines = [*LINES, "ﬁn ² fin 2"]
    folded = pieces(size=100).train(lines)
    assert folded.decode(folded.encode("ﬁn ²")) == "fin 2"
    kept = pieces(size=100, normalization="identity").train(lines)
    assert kept.decode(kept.encode("ﬁn ²")) == "ﬁn ²"
    lower = pieces(size=100, normalization="nmt_nfkc_cf").train(lines)
    assert lower.decode(lower.encode("Hund")) == "hund"


@pytest.mark.parametrize("method", [UnigramTrainer, BPETrainer])
def test_user_symbols_are_one_piece_each(method):
    symbols = ["<en>", ",", '"x"']
    tokenizer = pieces(method, symbols=symbols).train(LINES)
    assert tokenizer.pieces(range(4, 7)) == symbols
    assert "<en>" in tokenizer.pieces(tokenizer.encode("<en>Hund"))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["UnigramTrainer", "BPETrainer"])
@pytest.mark.parametrize("max_lines", [1000, 150])
def test_the_same_text_gives_the_same_model_in_another_process(method, max_lines):
    expression = f"sha256(pieces({method}, max_lines={max_lines}).train(LINES).data).hexdigest()"
    here = pieces(
        {"UnigramTrainer": UnigramTrainer, "BPETrainer": BPETrainer}[method], max_lines=max_lines
    ).train(LINES)
    assert elsewhere(expression) == hashlib.sha256(here.data).hexdigest()


def rows(ragged):
    ends = ragged.starts + ragged.lengths
    return [ragged.values[a:b].tolist() for a, b in zip(ragged.starts, ends, strict=True)]


def test_sampling_is_a_function_of_its_arguments(tokenizer):
    first = rows(tokenizer.sample_lines(LINES, 0.1, 1))
    tokenizer.sample_lines(LINES[:7], 0.3, 9)
    assert rows(tokenizer.sample_lines(LINES, 0.1, 1)) == first
    assert rows(Tokenizer.from_bytes(tokenizer.data).sample_lines(LINES, 0.1, 1)) == first
    assert rows(tokenizer.sample_lines(LINES, 0.1, 2)) != first
    assert first != tokenizer.encode_lines(LINES)
    assert [tokenizer.decode(ids) for ids in first] == LINES


def test_lines_without_pieces_are_sampled_as_empty(tokenizer):
    assert rows(tokenizer.sample_lines(["", " ", "Hund"], 0.1, 1))[:2] == [[], []]
    assert rows(tokenizer.sample_lines([], 0.1, 1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("method", ["UnigramTrainer", "BPETrainer"])
def test_sampling_is_the_same_in_another_process(method):
    there = elsewhere(f"rows(pieces({method}).train(LINES).sample_lines(LINES, 0.1, 5))")
    trained = pieces({"UnigramTrainer": UnigramTrainer, "BPETrainer": BPETrainer}[method]).train(
        LINES
    )
    assert there == str(rows(trained.sample_lines(LINES, 0.1, 5)))


HARD = [*LINES[:50], "Hund ☃☃ Öl☃ ▁ <x>der<x>", "☃", "dernichtlauverein" * 3, "a  b\tHund"]


@pytest.mark.parametrize(("method", "alpha"), [(UnigramTrainer, 1e6), (BPETrainer, 1e-12)])
@pytest.mark.parametrize("changed", [{}, {"size": 340, "byte_fallback": True}])
def test_sampling_without_randomness_is_encoding(method, alpha, changed):
    tokenizer = pieces(method, symbols=["<x>"], **changed).train(LINES)
    assert rows(tokenizer.sample_lines(HARD, alpha, 1)) == tokenizer.encode_lines(HARD)


@pytest.mark.parametrize("method", [UnigramTrainer, BPETrainer])
@pytest.mark.parametrize("changed", [{}, {"size": 340, "byte_fallback": True}])
def test_sampled_pieces_decode_as_the_best_ones_do(method, changed):
    tokenizer = pieces(method, symbols=["<x>"], **changed).train(LINES)
    sampled, best = rows(tokenizer.sample_lines(HARD, 0.3, 1)), tokenizer.encode_lines(HARD)
    assert [tokenizer.decode(ids) for ids in sampled] == [tokenizer.decode(ids) for ids in best]


def segmentations(text, scores):
    """Yield all segmentations of a text, each with the sum of its scores."""
    if not text:
        yield (), 0.0
    for end in range(1, len(text) + 1):
        if text[:end] in scores:
            for rest, score in segmentations(text[end:], scores):
                yield (text[:end], *rest), scores[text[:end]] + score


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_unigram_samples_are_as_frequent_as_their_probability(alpha):
    tokenizer = pieces(size=200).train(LINES)
    model = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.data)
    scores = {model.id_to_piece(i): model.get_score(i) for i in range(4, tokenizer.size)}
    expected = {
        segmentation: np.exp(alpha * score)
        for segmentation, score in segmentations("▁Hundnichtlau", scores)
    }
    total = sum(expected.values())
    assert len(expected) > 5
    count = 20_000
    sampled = rows(tokenizer.sample_lines(["Hundnichtlau"] * count, alpha, 7))
    counts = Counter(tuple(tokenizer.pieces(ids)) for ids in sampled)
    assert set(counts) <= set(expected)
    for segmentation, weight in expected.items():
        share = weight / total
        assert (
            abs(counts[segmentation] / count - share)
            < 5 * (share * (1 - share) / count) ** 0.5 + 1e-9
        )


def test_bpe_samples_are_as_frequent_as_those_of_sentencepiece():
    tokenizer = pieces(BPETrainer, size=120).train(LINES)
    model = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.data)
    count, text = 5_000, "Hundaus nicht"
    counts = Counter(map(tuple, rows(tokenizer.sample_lines([text] * count, 0.3, 7))))
    theirs = Counter(
        tuple(model.encode(text, enable_sampling=True, alpha=0.3, nbest_size=-1))
        for _ in range(count)
    )
    assert len(counts) > 10
    for segmentation in set(counts) | set(theirs):
        share = (counts[segmentation] + theirs[segmentation]) / 2 / count
        assert (
            abs(counts[segmentation] - theirs[segmentation]) / count
            < 6 * (2 * share / count) ** 0.5
        )


def test_dropping_all_merges_leaves_characters():
    tokenizer = pieces(BPETrainer).train(LINES)
    (ids,) = rows(tokenizer.sample_lines(["Hund"], 1.0, 1))
    assert tokenizer.pieces(ids) == ["▁", "H", "u", "n", "d"]


@pytest.mark.parametrize(
    ("method", "alpha"), [(UnigramTrainer, -0.1), (BPETrainer, 0.0), (BPETrainer, 1.5)]
)
def test_an_alpha_out_of_range_is_rejected(method, alpha):
    tokenizer = pieces(method).train(LINES)
    with pytest.raises(ConfigurationError, match=rf"alpha={alpha} is out of range"):
        tokenizer.sample_lines(["Hund"], alpha, 1)


@pytest.mark.parametrize("method", [UnigramTrainer, BPETrainer])
def test_a_vocabulary_too_large_for_the_text_names_a_value_that_works(method):
    with pytest.raises(ConfigurationError, match=r"^tokenizer\.size=5000 is too large") as caught:
        pieces(method, size=5000).train(LINES)
    value = int(str(caught.value).split("set tokenizer.size=")[1].split()[0])
    assert pieces(method, size=value).train(LINES).size == value


@pytest.mark.parametrize("method", [UnigramTrainer, BPETrainer])
def test_a_vocabulary_too_small_for_the_text_names_a_value_that_works(method):
    with pytest.raises(ConfigurationError, match=r"^tokenizer\.size=9 is too small") as caught:
        pieces(method, size=9).train(LINES)
    value = int(str(caught.value).split("set tokenizer.size=")[1].split()[0])
    assert pieces(method, size=value).train(LINES).size == value


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("character_coverage", 0.5, "character_coverage=0.5: expected 0.98 to 1"),
        ("normalization", "nfc", "normalization=nfc: expected one of nmt_nfkc"),
        ("max_lines", 0, "max_lines=0: expected 1 or more"),
        ("size", 4, "size=4: expected more than 4"),
        ("symbols", ["<a>", "<a>"], "symbols=['<a>', '<a>']: expected distinct strings"),
        ("symbols", ["</s>"], "symbols=['</s>']: expected distinct strings"),
        ("symbols", ["<a>", "a b"], "symbols=['<a>', 'a b']: expected symbols without spaces"),
        *(
            ("symbols", [symbol], "expected symbols without spaces and invisible characters")
            for symbol in (" ", "a ", "a\tb", "a\n", "a\u00adb", "\u200b", "u\u0308", "\x85")
        ),
    ],
)
def test_settings_out_of_range_are_rejected_by_name(key, value, message):
    with pytest.raises(ConfigurationError) as caught:
        pieces(**{key: value})
    assert f"tokenizer.{key}=" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", [[], [" "], ["\t"]])
def test_a_text_without_words_is_named(text):
    with pytest.raises(ConfigurationError, match="the train split has no text"):
        pieces().train(text)


@pytest.mark.parametrize("max_lines", [10, 1000])
@pytest.mark.parametrize("kind", [CorpusError, Terminated, KeyboardInterrupt, MemoryError])
def test_an_error_in_reading_the_lines_is_raised_unchanged(kind, max_lines):
    def broken():
        yield from LINES
        raise kind("a.de has 2 lines but a.en has 1")

    with pytest.raises(kind, match=r"^a\.de has 2 lines but a\.en has 1$"):
        pieces(max_lines=max_lines).train(broken())


def test_a_signal_while_lines_are_read_is_raised_unchanged():
    def interrupted():
        yield from LINES
        signal.raise_signal(signal.SIGTERM)
        yield from LINES

    with pytest.raises(Terminated), raise_on_sigterm():
        pieces().train(interrupted())


def test_a_signal_while_sentencepiece_iterates_over_lines_is_raised_unchanged(monkeypatch):
    train = sentencepiece.SentencePieceTrainer.train
    kill = partial(ctypes.CDLL(None).kill, os.getpid())

    def signalled(sentence_iterator, **rest):
        # All of it is C, since in a function of Python the handler would run at once.
        signals = chain(repeat(0, 5), map(kill, [signal.SIGTERM]), repeat(0))
        lines = map(itemgetter(0), zip(sentence_iterator, signals, strict=False))
        train(sentence_iterator=lines, **rest)

    monkeypatch.setattr(sentencepiece.SentencePieceTrainer, "train", signalled)
    with pytest.raises(Terminated), raise_on_sigterm():
        pieces().train(LINES)


def test_a_file_that_is_no_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.model cannot be read: No such file"):
        Tokenizer.load(tmp_path / "none.model")
    (tmp_path / "bad.model").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"bad\.model is not a SentencePiece model"):
        Tokenizer.load(tmp_path / "bad.model")
    with pytest.raises(ModelError, match="given tokenizer is not a SentencePiece model"):
        Tokenizer.from_bytes(b"")


def test_a_model_with_other_special_ids_is_rejected(tmp_path):
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=file, vocab_size=80, minloglevel=2
    )
    with pytest.raises(ModelError, match=r"has the ids \(-1, 0, 1, 2\)"):
        Tokenizer.from_bytes(file.getvalue())


def pairs():
    return ((line, line.upper()) for line in LINES)


def test_lines_are_sampled_from_all_of_a_long_text():
    numbered = [f"{LINES[i % 300]} {i}" for i in range(3000)]
    seen = pieces(size=100, max_lines=200).train(numbered)
    assert seen.data != pieces(size=100, max_lines=200).train(numbered[:200]).data
    assert seen.data == pieces(size=100, max_lines=200).train(iter(numbered)).data


def test_a_joint_vocabulary_is_one_object_before_and_after_saving(tmp_path):
    tokenizers = JointVocabulary()(pieces(size=150), pairs)
    tokenizers.save(tmp_path)
    loaded = Tokenizers.load(tmp_path)
    assert tokenizers.joint and loaded.joint
    assert [path.name for path in tmp_path.iterdir()] == ["sentencepiece.model"]
    assert loaded.source.data == tokenizers.source.data
    assert loaded.source.encode("Hund HUND") == tokenizers.target.encode("Hund HUND")
    assert UNKNOWN not in loaded.source.encode("Hund HUND")


def test_separate_vocabularies_have_the_characters_of_their_own_language_alone(tmp_path):
    tokenizers = SeparateVocabularies()(pieces(size=80), pairs)
    tokenizers.save(tmp_path)
    loaded = Tokenizers.load(tmp_path)
    assert not tokenizers.joint and not loaded.joint
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "sentencepiece.source.model",
        "sentencepiece.target.model",
    ]
    assert loaded.target.data == tokenizers.target.data
    assert UNKNOWN in loaded.source.encode("KATZE")
    assert UNKNOWN not in loaded.target.encode("KATZE")
