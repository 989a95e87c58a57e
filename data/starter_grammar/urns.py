"""How often what is drawn: determiners by number and role, and the personal pronouns."""

from __future__ import annotations

from dataclasses import replace

from data.starter_grammar import determiners as d
from data.starter_grammar.determiners import Determiner
from data.starter_grammar.phrases import DU, ER, ICH, IHR, SIE, WIR

# An urn holds a determiner once for each chance that it has. Four only an urn knows: the
# possessive of the subject, numerals without and with an article, and the possessor's name.
OWN, NUMBERED, THE_NUMBERED, NAMED = (replace(d.BARE, definite=True) for _ in range(4))
Urn = tuple[Determiner, ...]
# Urns come in threes: singular, plural, and what has no plural.
Urns = tuple[Urn, Urn, Urn]
SUBJECT: Urns = (
    (d.THE,) * 12 + (d.A,) * 4 + (d.THIS,) * 2 + (d.MY, d.YOUR, d.OUR, d.EVERY, NAMED),
    (d.THE,) * 10
    + (d.BARE,) * 2
    + (NUMBERED,) * 3
    + (d.THIS,) * 2
    + (d.MY, d.OUR, d.MANY, d.SOME, d.ALL, THE_NUMBERED, NAMED),
    (d.THE,) * 6 + (d.THIS, d.MY, NAMED),
)
OBJECT: Urns = (
    (d.THE,) * 10 + (d.A,) * 7 + (d.THIS,) * 2 + (OWN,) * 3 + (d.MY, d.YOUR, NAMED),
    (d.THE,) * 8
    + (d.BARE,) * 3
    + (NUMBERED,) * 3
    + (d.THIS,) * 2
    + (OWN,) * 2
    + (d.OUR, d.MANY, d.SOME, d.ALL, THE_NUMBERED, NAMED),
    (d.THE,) * 5 + (d.BARE,) * 5 + (d.THIS, OWN, NAMED),
)
DEFINITE: Urns = (
    (d.THE,) * 10 + (d.THIS,) * 2 + (d.MY, d.YOUR, d.OUR, NAMED),
    (d.THE,) * 10 + (d.THIS,) * 2 + (d.MY, d.OUR, THE_NUMBERED),
    (d.THE,) * 6 + (d.THIS, d.MY),
)
PLAIN: Urns = ((d.THE,) * 4 + (d.A,), (d.THE,) * 5 + (d.THIS,), (d.THE,))
ARTICLE: Urns = ((d.THE,), (d.THE,), (d.THE,))
NOBODY: Urns = ((d.NO,), (d.NO,), (d.NO,))
DENIED: Urns = ((d.NOT_A,), (d.NOT_A,), (d.NOT_A,))


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
