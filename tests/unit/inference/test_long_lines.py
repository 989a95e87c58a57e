import pytest

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.inference.long_lines.split import SplitLongLines


def letters(texts):
    """One piece a letter; spaces are nothing."""
    return [[ord(letter) for letter in "".join(text.split())] for text in texts]


def split(line, max_pieces):
    return ["".join(map(chr, part)) for part in SplitLongLines(max_pieces)(line, letters)]


def test_lines_are_split_at_the_best_border_that_keeps_parts_short_enough():
    line = "Eins zwei. Drei vier! Fünf, sechs sieben. „Acht.“ Neun"
    assert split(line, 100) == ["Einszwei.Dreivier!Fünf,sechssieben.„Acht.“Neun"]
    assert split(line, 30) == [
        "Einszwei.Dreivier!",
        "Fünf,sechssieben.„Acht.“Neun",
    ]
    assert split(line, 18) == ["Einszwei.Dreivier!", "Fünf,sechssieben.", "„Acht.“Neun"]
    assert split("eins, zwei drei, vier fünf", 9) == ["eins,", "zweidrei,", "vierfünf"]
    assert split("eins zwei drei, vier", 10) == [
        "einszwei",
        "drei,",
        "vier",
    ]
    assert split("一二三。四五六。七", 4) == ["一二三。", "四五六。", "七"]
    assert split("a" * 10, 4) == ["aaaa", "aaaa", "aa"]


def test_words_are_distributed_evenly_over_parts():
    assert [len(part) for part in split(" ".join(["aaaa"] * 21), 50)] == [44, 40]


@pytest.mark.parametrize("max_pieces", [1, 2, 3, 7, 20])
def test_split_parts_hold_all_of_a_line_and_are_short_enough(max_pieces):
    line = "Ja!  Nein, doch: vielleicht... «Wer weiß?» Donaudampfschifffahrt \u3000 3.5 z. B."
    parts = SplitLongLines(max_pieces)(line, letters)
    assert max(map(len, parts)) <= max_pieces
    assert all(parts)
    joined = "".join("".join(map(chr, part)) for part in parts)
    assert joined == "".join(line.split())


@pytest.mark.parametrize(
    "line",
    ["Ein Mann. " * 9000, "Mann " * 9000, "a" * 9000, ". " * 9000, "ab\u200b " * 3000],
    ids=["sentences", "words", "letters", "full stops", "odd spaces"],
)
def test_splitting_takes_time_linear_in_the_length_of_the_line(line):
    encoded = []

    def counting(texts):
        encoded.append(sum(map(len, texts)))
        assert len(texts) <= 1000
        return letters(texts)

    parts = SplitLongLines(10)(line, counting)
    assert sum(map(len, parts)) == len("".join(line.split()))
    assert sum(encoded) <= 7 * len(line)  # once whole, and twice for each of three kinds of borders


@pytest.mark.parametrize("name", ["split", "truncate"])
def test_every_policy_for_long_lines_can_be_chosen(name):
    long_lines = instantiate(configuration("translate", [f"long_lines={name}"], ()).long_lines)
    assert long_lines.max_pieces == 128
