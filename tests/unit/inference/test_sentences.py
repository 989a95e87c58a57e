"""Lines are split into sentences at their ends, and nowhere else, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.inference.sentences.split import WIDE_SPACES, SplitSentences
from nmt.inference.sentences.whole_lines import WholeLines
from nmt.runtime.errors import ConfigurationError

GERMAN = SplitSentences("de")

PROSE = [
    "Am 3. Oktober 1990 kam Dr. Weber mit dem Zug um 7.45 Uhr in Leipzig an.",
    "Es regnete in Strömen.",
    "„Haben Sie einen Schirm?“, fragte ihn die Schaffnerin.",
    "Er schüttelte den Kopf.",
    "„Nein, den habe ich zu Hause vergessen.“",
    "Vor dem Bahnhof warteten ca. 20 Taxis, d. h. mehr als sonst.",
    "Eines davon fuhr ihn in die Goethestr. 12, wo seine Schwester wohnte.",
    "Sie war Ärztin am St.-Georg-Krankenhaus!",
    "Ob sie schon zu Hause war?",
    "Er klingelte ...",
    "Niemand öffnete.",
    "Im 2. Stock ging ein Licht an, z. B. in der Küche oder im Flur.",
    "„Wer ist da?“",
    "„Ich bin es, dein Bruder!“, rief er.",
    "Die Tür ging auf.",
    "Seine Schwester lachte (sie lachte oft).",
    "„Komm herein!“",
    "Auf dem Tisch lagen Bücher, Briefe, Zeitungen usw. und eine Rechnung über 1.250,50 Euro.",
    "Die Fa. Krause & Co. hatte sie geschickt.",
    "Darunter stand: „Zahlbar bis zum 15. November.“",
    "Das war Nr. 7 in diesem Jahr!",
    "Was sollte sie tun?",
    "Prof. Schmidt, ihr Chef, hatte ihr 500 Euro geliehen.",
    "Mehr konnte er nicht geben, denn er bezog inkl. Zulagen kaum 3.000 Euro.",
    "Kaiser Wilhelm II. schaute streng von der Wand.",
    "J. S. Bach hing daneben.",
    "Um ca. 9 Uhr aßen sie zu Abend.",
    "Es gab Brot, Käse und Tee.",
    "„Bleibst du bis Montag?“, fragte sie.",
    "Er wollte bis zum 10. Dezember bleiben.",
    "Vgl. hierzu den Brief auf S. 14 dieses Buches.",
    "In der Nacht schneite es.",
    "Am Morgen, gegen 6.30 Uhr, weckte ihn der Lärm der Straße.",
    "Welche Ruhe dagegen auf dem Land!",
    "Er stand auf, zog sich an und ging zum Bäcker.",
    "„Zwei Brötchen, bitte“, sagte er.",
    "„Das macht 1,20 Euro.“",
    "Er zahlte.",
    "Draußen schien die Sonne, u. a. zum ersten Mal seit Tagen.",
    "So begann sein Urlaub.",
]


def boundaries(sentences):
    ends, end = set(), 0
    for sentence in sentences[:-1]:
        end += len(sentence)
        ends.add(end)
    return ends


def test_a_page_of_german_prose_is_split_at_nearly_all_ends():
    assert len(PROSE) == 40
    expected = boundaries([f"{sentence} " for sentence in PROSE])
    found = boundaries(GERMAN(" ".join(PROSE)))
    assert len(expected ^ found) <= 2, (expected - found, found - expected)


@pytest.mark.parametrize(
    "line",
    [
        "Ein Hund läuft durch den Schnee.",
        "Ein Hund läuft durch den Schnee",
        "Das Treffen am 2. Mai fällt aus.",
        "Im 2. Weltkrieg wurde die Stadt zerstört.",
        "Der Preis beträgt 1.000.000 Euro.",
        "Siehe www.beispiel.de oder schreiben Sie an a.b@beispiel.de.",
        "Version 2.0 ist da",
        "...",
        "?!",
        "",
        "   ",
        " Guten Tag ",
    ],
)
def test_one_sentence_stays_whole(line):
    assert GERMAN(line) == [line]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("Komm! Geh!", ["Komm! ", "Geh!"]),
        ("  Er kam.  Sie ging.\t", ["  Er kam.  ", "Sie ging.\t"]),
        ("Wirklich?! Ja.", ["Wirklich?! ", "Ja."]),
        ("Er ging. „Wohin?“, fragte sie.", ["Er ging. ", "„Wohin?“, fragte sie."]),
        ("Er kam.\u3000Sie ging.", ["Er kam.\u3000", "Sie ging."]),
        ("Er kam.\u00a0Sie ging.", ["Er kam.\u00a0", "Sie ging."]),
        ("Er kam.\n\nSie ging.", ["Er kam.\n\n", "Sie ging."]),
    ],
)
def test_sentences_keep_the_white_space_after_them(line, sentences):
    assert GERMAN(line) == sentences


def test_languages_have_their_own_rules():
    line = "He finished 2. Nobody saw it."
    assert SplitSentences("en")(line) == ["He finished 2. ", "Nobody saw it."]
    assert SplitSentences("de")(line) == [line]
    assert SplitSentences("ja")("猫です。犬です。") == ["猫です。", "犬です。"]


SPLITTERS = [GERMAN, SplitSentences("en"), SplitSentences("zh"), WholeLines()]


@given(st.text() | st.text("aÄ1. !?…\"'»„“()[]:;。！\u200d\u0301👩\t\r\n\u2028•*-\u3000\u2003"))
def test_nothing_of_a_line_is_lost_and_no_sentence_is_empty(line):
    for split in SPLITTERS:
        sentences = split(line)
        assert "".join(sentences) == line
        assert len(sentences) == 1 or not any(map(str.isspace, sentences))
        assert sentences == [line] or all(sentences)


@pytest.mark.parametrize("space", list(map(chr, WIDE_SPACES)))
def test_no_white_space_confuses_the_library(space):
    line = f"A{space}.{space}a{space}.'{space}B.{space}C"
    assert "".join(GERMAN(line)) == line


def test_a_line_of_a_megabyte_is_split_at_every_end():
    assert len(GERMAN("Das ist ein Satz. " * 50_000)) == 50_000


@pytest.mark.parametrize("language", ["", "German", "de_DE", "d"])
def test_a_language_that_is_no_code_is_refused(language):
    with pytest.raises(ConfigurationError, match=r"sentences.language=.*a code of ISO 639"):
        SplitSentences(language)
