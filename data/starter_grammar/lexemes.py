"""Pairs of words from the tables, with the inflected forms of both languages."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import english, german

POSITIVE, COMPARATIVE, SUPERLATIVE = range(3)
INFINITIVE, PARTICIPLE, ZU_INFINITIVE = range(3)
Row = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """A noun of both languages; forms are indexed by `case + 4` in the plural."""

    german: tuple[str, ...]
    gender: int
    english: tuple[str, str]
    classes: frozenset[str]
    place: str

    @property
    def countable(self) -> bool:
        """Whether it has a plural (milk has none)."""
        return bool(self.german[4])

    @property
    def natural_gender(self) -> int:
        """The gender of an adult human; neuter for all that English may call `it`."""
        return self.gender if self.classes & {"person", "leader"} else german.NEUTER


def noun(row: Row) -> Noun:
    """Build a noun, deriving the forms that the table leaves empty."""
    singular, gender = row["german"], german.GENDERS[row["gender"]]
    plural = "" if row["plural"] == "-" else row["plural"]
    oblique, of = singular, singular
    if row["genitive"] == "weak":
        oblique = of = plural
    elif gender != german.FEMININE:
        of = row["genitive"] or german.genitive(singular)
    many = german.dative_plural(plural) if plural else ""
    forms = (singular, oblique, oblique, of, plural, plural, many, plural)
    word = row["english"]
    both = (word, row["english_plural"] or english.add_s(word))
    return Noun(forms, gender, both, frozenset(row["class"].split()), row["place"])


def compound(first: Row, head: Noun) -> Noun:
    """Join a first part to a noun, which keeps its gender, and its class if none is given."""
    forms = tuple(first["german"] + form.lower() if form else "" for form in head.german)
    words = (f"{first['english']} {head.english[0]}", f"{first['english']} {head.english[1]}")
    classes = frozenset(first["class"].split()) or head.classes
    return Noun(forms, head.gender, words, classes, head.place)


@dataclass(frozen=True, slots=True, eq=False)
class Adjective:
    """German stems before endings, German uninflected forms and English forms, each by degree."""

    stems: tuple[str, str, str]
    german: tuple[str, str]
    english: tuple[str, str, str]
    rank: int
    comparable: bool


def adjective(row: Row) -> Adjective:
    """Build an adjective, deriving the degrees that the table leaves empty."""
    word, base = row["german"], row["english"]
    stem = row["stem"] or word
    more = row["comparative"] or (word + "r" if word.endswith("e") else word + "er")
    most = row["superlative"] or word + (
        "est" if word.endswith(("t", "d", "z", "s", "ß")) else "st"
    )
    forms = (base, english.add_vowel(base, "er"), english.add_vowel(base, "est"))
    if row["english_comparative"] == "more":
        forms = (base, f"more {base}", f"most {base}")
    elif row["english_superlative"]:
        forms = (base, row["english_comparative"], row["english_superlative"])
    stems = (stem.removesuffix("e"), more, most)
    comparable = row["english_comparative"] != "-"
    return Adjective(stems, (word, more), forms, int(row["rank"]), comparable)


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """A verb's forms by tense (present, past) and person, and its forms that have no person.

    `german` and `english` are `[past][person]`; `german_fixed` is infinitive, participle and
    infinitive with zu; `rest` is what follows the English verb ("up" of "get up", "to" of "have
    to"); `governs` says which fixed form the next verb of a chain takes.
    """

    german: tuple[german.Six, german.Six]
    german_fixed: tuple[str, str, str]
    prefix: str
    english: tuple[english.Six, english.Six]
    english_fixed: tuple[str, str]
    rest: str
    governs: int
    auxiliary: bool
    perfect_with_be: bool
    reflexive: bool


def verb(row: Row) -> Verb:
    """Build a verb, deriving the forms that the table leaves empty."""
    prefix, _, base = row["german"].rpartition("/")
    third = row["third"] or german.weak_third(base)
    past = row["past"] or third.removesuffix("t") + "te"
    participle = prefix + (row["participle"] or german.weak_participle(base))
    word, _, rest = row["english"].partition(" ")
    english_past = row["english_past"].partition(" ")[0] or english.add_vowel(word, "ed")
    english_participle = row["english_participle"].partition(" ")[0] or english_past
    to = f"{prefix}zu{base}" if prefix else f"zu {base}"
    return Verb(
        german=(german.present(base, third), german.past(past)),
        german_fixed=(prefix + base, participle, to),
        prefix=prefix,
        english=(english.present(word), english.past(english_past)),
        english_fixed=(word, english_participle),
        rest=rest,
        governs=INFINITIVE,
        auxiliary=word == "be",
        perfect_with_be=row["auxiliary"] == "sein",
        reflexive=row["frame"].startswith("self"),
    )


def modal(row: Row) -> Verb:
    """Build a modal verb; one without a past (sollte, möchte) has that form as its present."""
    infinitive, third = row["german"], row["third"]
    forms = german.present(infinitive, third) if row["past"] else german.past(third)
    word, thirds = row["english"], row["english_third"]
    now = english.present(word) if thirds != word else (word,) * 6
    past = english.past(row["english_past"]) if row["past"] else now
    return Verb(
        german=(forms, german.past(row["past"]) if row["past"] else forms),
        german_fixed=(infinitive, "", f"zu {infinitive}"),
        prefix="",
        english=(now, past),
        english_fixed=(word, ""),
        rest=row["rest"],
        governs=INFINITIVE,
        auxiliary=row["rest"] != "to",
        perfect_with_be=False,
        reflexive=False,
    )


def auxiliary(
    infinitive: str, third: str, past: str, participle: str, word: str, words: str, governs: int
) -> Verb:
    """Build an auxiliary of tenses or the passive; `words` are two English past forms."""
    first, second = words.split() if words else (word, word)
    now = english.present(word) if words else (word,) * 6
    return Verb(
        german=(german.present(infinitive, third), german.past(past)),
        german_fixed=(infinitive, participle, f"zu {infinitive}"),
        prefix="",
        english=(now, english.past(first)),
        english_fixed=(word, second),
        rest="",
        governs=governs,
        auxiliary=True,
        perfect_with_be=True,
        reflexive=False,
    )


HAVE = auxiliary("haben", "hat", "hatte", "gehabt", "have", "had had", PARTICIPLE)
HAVE_BY_BEING = auxiliary("sein", "ist", "war", "gewesen", "have", "had had", PARTICIPLE)
WILL = auxiliary("werden", "wird", "wurde", "", "will", "", INFINITIVE)
PASSIVE = auxiliary("werden", "wird", "wurde", "worden", "be", "was been", PARTICIPLE)
