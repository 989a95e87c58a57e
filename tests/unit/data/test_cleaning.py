import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.data.special_ids import UNKNOWN
from nmt.data.text.cleaning import clean, clean_lines, count_removed
from nmt.data.tokenization.training import UnigramTrainer

LINES = ["Der Hund läuft schnell.", "Die Katze schläft.", "Das Kind sieht den Hund."] * 9
INVISIBLE = [
    *["\x01", "\x1b", "\x7f", "\x80", "\x9f", "\u00ad", "\u034f", "\u061c", "\u115f"],
    *["\u1160", "\u17b4", "\u180b", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f"],
    *["\u202a", "\u202e", "\u2060", "\u2064", "\u2066", "\u2069", "\u206f", "\u3164", "\ufe00"],
    *[
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\ufff9",
        "\ufffc",
        "\uffff",
        "\U0001d159",
        "\U0001d173",
        "\U000e0001",
        "\U000e0041",
    ],
    *["\U000e007f", "\U000e0100"],
]


def tokenizer(lines=LINES, normalization="nmt_nfkc", size=32):
    return UnigramTrainer(size, 1.0, [], False, normalization, 999, 1).train(lines)


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda character: f"U+{ord(character):04X}")
def test_an_invisible_character_within_words_is_left_out(character):
    line = character.join(LINES[0])
    assert clean(line) == LINES[0]
    assert clean_lines([LINES[1], line]) == [LINES[1], LINES[0]]
    assert count_removed([LINES[1], line]) == line.count(character) > 0


@pytest.mark.parametrize(
    "text",
    [
        "Ein Hund, zwei Hunde – „drei“ ﬁ ｆｕｌｌ ² ® € 漢字 שלום",
        "می\u200cخواهم",
        "क्\u200dष क्\u200cष",
        "ന്\u200d",
        "ᠠ\u180eᠠ\u180b",
        "ไทย\u200bไทย",
        "👩\u200d👩\u200d👧",
        "🏳\ufe0f\u200d🌈 ❤\ufe0f 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u1112\u1160",
    ],
)
def test_joiners_that_carry_meaning_stay(text):
    assert clean(text) == text
    assert count_removed([text]) == 0


@pytest.mark.parametrize("separator", "\x00\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
def test_white_space_that_would_end_a_line_is_a_space(separator):
    assert clean(f"der{separator}Hund") == "der Hund"
    assert clean_lines([f"der{separator}Hund", "a"]) == ["der Hund", "a"]
    assert count_removed([f"der{separator}Hund", "a"]) == 0


def test_sequences_are_composed_and_half_a_pair_is_replaced():
    assert clean("la\u0308uft \u1e9b\u0323") == "läuft \u1e9b\u0323"
    assert clean("a\u200b\u0308") == "ä"
    assert clean("a\ud800b") == "a\ufffdb"


@given(
    st.lists(st.text(st.sampled_from("aä1\n\t\u0308\u200b\u200d\ufe0f👩🏴\U000e0041\U000e007fम्")))
)
def test_cleaning_twice_changes_nothing_and_many_lines_equal_one_by_one(lines):
    cleaned = clean_lines(lines)
    assert cleaned == [clean(line) for line in lines]
    assert clean_lines(cleaned) == cleaned
    assert all(unicodedata.is_normalized("NFC", line) for line in cleaned)
    assert count_removed(cleaned) == 0
    assert count_removed(lines) == sum(count_removed([line]) for line in lines)


@pytest.mark.parametrize("normalization", ["nmt_nfkc", "identity"])
def test_no_invisible_character_reaches_sentencepiece(normalization):
    clean_model = tokenizer(normalization=normalization)
    for character in ("\u00ad", "\u200c", "\ufeff", "\x07"):
        odd = [character.join(line) for line in LINES]
        assert tokenizer(odd, normalization).data == clean_model.data
        assert clean_model.encode_lines(odd) == clean_model.encode_lines(LINES)
        sampled = [clean_model.sample_lines(lines, 0.1, 3) for lines in (odd, LINES)]
        assert (sampled[0].values == sampled[1].values).all()
    decomposed = [unicodedata.normalize("NFD", line) for line in LINES]
    assert clean_model.encode_lines(decomposed) == clean_model.encode_lines(LINES)


def test_compatible_characters_are_what_the_normalization_makes_of_them():
    lines = [*LINES, "fin ABC 2"] * 3
    model = tokenizer(lines, size=36)
    for odd, plain in (("ﬁn", "fin"), ("ＡＢＣ", "ABC"), ("²", "2")):
        assert model.encode(odd) == model.encode(plain)
        assert UNKNOWN not in model.encode(odd)
