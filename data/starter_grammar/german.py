"""German forms: declension of nouns, articles and adjectives, conjugation, contraction."""

from __future__ import annotations

NOMINATIVE, ACCUSATIVE, DATIVE, GENITIVE = range(4)
CASES = {"acc": ACCUSATIVE, "dat": DATIVE}
MASCULINE, FEMININE, NEUTER, PLURAL = range(4)
GENDERS = {"m": MASCULINE, "f": FEMININE, "n": NEUTER}
VOWELS = "aeiouyäöü"

# Rows are cases, columns genders and then the plural.
Table = tuple[tuple[str, str, str, str], ...]


def table(rows: str) -> Table:
    """Parse four rows of four endings; a dash is the empty ending."""
    cells = ["" if cell == "-" else cell for cell in rows.split()]
    return tuple((cells[i], cells[i + 1], cells[i + 2], cells[i + 3]) for i in range(0, 16, 4))


STRONG = table("er e es e  en e es e  em er em en  en er en er")
WEAK = table("e e e en  en e e en  en en en en  en en en en")
MIXED = table("er e es en  en e es en  en en en en  en en en en")
DER = table("der die das die  den die das die  dem der dem den  des der des der")
RELATIVE = table("der die das die  den die das die  dem der dem denen  dessen deren dessen deren")
DER_WORD = table("er e es e  en e es e  em er em en  es er es er")
EIN_WORD = table("- e - e  en e - e  em er em en  es er es er")


def inflect(stem: str, endings: Table) -> Table:
    """Return the word in all cases and genders."""
    rows = [tuple(stem + ending for ending in row) for row in endings]
    return tuple((row[0], row[1], row[2], row[3]) for row in rows)


def syllables(word: str) -> int:
    """Count the groups of vowels, which decide between -s and -es in the genitive."""
    lower = word.lower()
    starts = [c in VOWELS and (i == 0 or lower[i - 1] not in VOWELS) for i, c in enumerate(lower)]
    return sum(starts)


def genitive(noun: str) -> str:
    """Return the genitive singular of a strong masculine or neuter noun."""
    if noun.endswith(("s", "ß", "x", "z")):
        return noun + "es"
    short = syllables(noun) == 1 and noun[-1] not in VOWELS + "h"
    return noun + ("es" if short or noun.endswith(("d", "uch", "sch")) else "s")


def dative_plural(plural: str) -> str:
    """Add -n unless the plural ends in -n or -s."""
    return plural if plural.endswith(("n", "s")) else plural + "n"


def stem_of(infinitive: str) -> str:
    """Return the stem: without -en, or without -n after -el and -er."""
    return infinitive[:-2] if infinitive.endswith("en") else infinitive[:-1]


def needs_e(stem: str) -> bool:
    """Return whether -t needs a vowel before it (arbeitet, öffnet)."""
    hard = stem.endswith(("n", "m")) and stem[-2] not in VOWELS + "lrhmn"
    return stem.endswith(("t", "d")) or hard


def weak_third(infinitive: str) -> str:
    """Return the third person singular of a regular verb."""
    stem = stem_of(infinitive)
    return stem + ("et" if needs_e(stem) else "t")


UNPREFIXED = ("be", "ge", "er", "ver", "zer", "ent", "miss", "über", "unter", "wider")


def weak_participle(infinitive: str) -> str:
    """Return the past participle of a regular verb; no ge- before an unstressed syllable."""
    plain = infinitive.endswith("ieren") or infinitive.startswith(UNPREFIXED)
    return ("" if plain else "ge") + weak_third(infinitive)


Six = tuple[str, str, str, str, str, str]


def six(words: str) -> Six:
    """Parse the forms for ich, du, er, wir, ihr, sie."""
    one, two, three, four, five, last = words.split()
    return one, two, three, four, five, last


IRREGULAR_PRESENT = {
    "sein": six("bin bist ist sind seid sind"),
    "haben": six("habe hast hat haben habt haben"),
    "werden": six("werde wirst wird werden werdet werden"),
}


def with_s(stem: str, hissing: str) -> str:
    """Add the ending of du, whose s is dropped after a sibilant."""
    return stem + ("t" if stem.endswith(("s", "ß", "z", "x")) else hissing)


def present(infinitive: str, third: str) -> Six:
    """Return the present tense, from infinitive and form of er, without a separable prefix."""
    if infinitive in IRREGULAR_PRESENT:
        return IRREGULAR_PRESENT[infinitive]
    stem, you = stem_of(infinitive), weak_third(infinitive)
    if not third.endswith("t"):  # können, wissen: old past forms
        return third, with_s(third, "st"), third, infinitive, you, infinitive
    if third == you:
        second = stem + "est" if needs_e(stem) else with_s(stem, "st")
    else:  # a changed vowel: liest, fährt, hält, lädt
        changed = third[:-1] if not third.endswith("tt") else third
        kept = third if stem.endswith("t") and not third.endswith("tt") else changed
        second = with_s(kept, "st")
    first = stem[:-2] + "le" if infinitive.endswith("eln") else stem + "e"
    return first, second, third, infinitive, you, infinitive


def past(third: str) -> Six:
    """Return the past tense, from the form of er: weak in -e, strong otherwise."""
    if third.endswith("e") and not third.endswith("ie"):
        return third, third + "st", third, third + "n", third + "t", third + "n"
    we, you = third + ("n" if third.endswith("ie") else "en"), third
    second = with_s(you, "est" if you[-1] in "td" else "st")
    return third, second, third, we, you + ("et" if you[-1] in "td" else "t"), we


CONTRACTIONS = {
    ("in", "dem"): "im",
    ("in", "das"): "ins",
    ("an", "dem"): "am",
    ("an", "das"): "ans",
    ("von", "dem"): "vom",
    ("bei", "dem"): "beim",
    ("zu", "dem"): "zum",
    ("zu", "der"): "zur",
}
