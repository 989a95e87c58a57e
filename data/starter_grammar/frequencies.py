"""Frequencies of determiners, by number and role, and the personal pronouns."""

from __future__ import annotations

from dataclasses import replace

from data.starter_grammar import determiners as d
from data.starter_grammar.determiners import Determiner
from data.starter_grammar.phrases import DU, ER, ICH, IHR, SIE, WIR

# A determiner occurs as often in a tuple as it is likely. Four of them are placeholders: the
# possessive of the subject, numerals without and with an article, and the possessor's name.
OWN, NUMBERED, THE_NUMBERED, NAMED = (replace(d.BARE, definite=True) for _ in range(4))
Weighted = tuple[Determiner, ...]
# For the singular, the plural, and nouns without plural.
Frequencies = tuple[Weighted, Weighted, Weighted]
SUBJECT: Frequencies = (
    (d.THE,) * 12 + (d.A,) * 4 + (d.THIS,) * 2 + (d.MY, d.YOUR, d.OUR, d.EVERY, NAMED),
    (d.THE,) * 10
    + (d.BARE,) * 2
    + (NUMBERED,) * 3
    + (d.THIS,) * 2
    + (d.MY, d.OUR, d.MANY, d.SOME, d.ALL, THE_NUMBERED, NAMED),
    (d.THE,) * 6 + (d.THIS, d.MY, NAMED),
)
OBJECT: Frequencies = (
    (d.THE,) * 10 + (d.A,) * 7 + (d.THIS,) * 2 + (OWN,) * 3 + (d.MY, d.YOUR, NAMED),
    (d.THE,) * 8
    + (d.BARE,) * 3
    + (NUMBERED,) * 3
    + (d.THIS,) * 2
    + (OWN,) * 2
    + (d.OUR, d.MANY, d.SOME, d.ALL, THE_NUMBERED, NAMED),
    (d.THE,) * 5 + (d.BARE,) * 5 + (d.THIS, OWN, NAMED),
)
DEFINITE: Frequencies = (
    (d.THE,) * 10 + (d.THIS,) * 2 + (d.MY, d.YOUR, d.OUR, NAMED),
    (d.THE,) * 10 + (d.THIS,) * 2 + (d.MY, d.OUR, THE_NUMBERED),
    (d.THE,) * 6 + (d.THIS, d.MY),
)
PLAIN: Frequencies = ((d.THE,) * 4 + (d.A,), (d.THE,) * 5 + (d.THIS,), (d.THE,))
ARTICLE: Frequencies = ((d.THE,), (d.THE,), (d.THE,))
NEGATIVE: Frequencies = ((d.NO,), (d.NO,), (d.NO,))
NEGATED_OBJECT: Frequencies = ((d.NOT_A,), (d.NOT_A,), (d.NOT_A,))


# Pronouns: German forms by case, English object and subject, the person of the verb.
SPEAKERS = (
    (("ich", "mich", "mir", ""), "me", "I", ICH),
    (("wir", "uns", "uns", ""), "us", "we", WIR),
)
LISTENERS = (
    (("du", "dich", "dir", ""), "you", "you", DU),
    (("ihr", "euch", "euch", ""), "you", "you", IHR),
)
HIM = (("er", "ihn", "ihm", ""), "him", "he", ER)
SHE = (("sie", "", "ihr", ""), "her", "she", ER)
THEM = (("sie", "", "ihnen", ""), "them", "they", SIE)
PRONOUNS = (*SPEAKERS, *LISTENERS, HIM, HIM, SHE, SHE, THEM)
# `sie` in the accusative is her or them: left out.
ACCUSATIVES = (*SPEAKERS, *LISTENERS, HIM)
