"""English forms: plural, comparison, conjugation, and the article before vowels."""

from __future__ import annotations

VOWELS = "aeiou"
Six = tuple[str, str, str, str, str, str]
# Spelling misleads about the first sound of these.
CONSONANT_SOUND = ("uni", "use", "eu", "one")
VOWEL_SOUND = ("hon", "hour", "heir")


def add_s(word: str) -> str:
    """Add the ending of plurals and of the third person singular."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def doubles(word: str) -> bool:
    """Return whether the last letter is doubled before a vowel: big, stop, plan, but not new."""
    if len(word) < 3 or word[-1] in VOWELS + "wxy" or word[-2] not in VOWELS:
        return False
    return word[-3] not in VOWELS and sum(letter in VOWELS for letter in word) == 1


def add_vowel(word: str, ending: str) -> str:
    """Add an ending in e-: -ed, -er, -est."""
    if word.endswith("e"):
        return word + ending[1:]
    if word.endswith("y") and word[-2] not in VOWELS:
        return word[:-1] + "i" + ending
    return word + (word[-1] if doubles(word) else "") + ending


def article(next_word: str) -> str:
    """Return `a` or `an`, by the sound that follows."""
    lower = next_word.lower()
    if lower.startswith(CONSONANT_SOUND):
        return "a"
    return "an" if lower[0] in VOWELS or lower.startswith(VOWEL_SOUND) else "a"


def owner(noun: str) -> str:
    """Return the genitive."""
    return noun + ("'" if noun.endswith("s") else "'s")


def present(base: str) -> Six:
    """Return the present tense for I, you, he, we, you, they."""
    if base == "be":
        return "am", "are", "is", "are", "are", "are"
    third = {"have": "has", "do": "does", "go": "goes", "can": "can"}.get(base) or add_s(base)
    return base, base, third, base, base, base


def past(form: str) -> Six:
    """Return the past tense for I, you, he, we, you, they."""
    if form == "was":
        return "was", "were", "was", "were", "were", "were"
    return form, form, form, form, form, form


DO = present("do"), past("did")
