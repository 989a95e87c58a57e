"""Articles, demonstratives, possessives and quantities, with the endings that they require."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import german
from data.starter_grammar.german import Table


@dataclass(frozen=True, slots=True, eq=False)
class Determiner:
    """An article or another determiner, with the adjective endings that it requires."""

    german: Table
    endings: Table
    english: tuple[str, str]
    definite: bool


def word(stem: str, one: str, many: str) -> Determiner:
    """Return a determiner that is declined like `dieser`."""
    return Determiner(german.inflect(stem, german.DER_WORD), german.WEAK, (one, many), True)


def own(stem: str, one: str) -> Determiner:
    """Return a possessive, declined like `ein`."""
    forms = german.inflect(stem, german.EIN_WORD)
    return Determiner(forms, german.MIXED, (one, one), True)


def many(stem: str, text: str, endings: Table) -> Determiner:
    """Return a quantity, used in the plural."""
    return Determiner(german.inflect(stem, german.DER_WORD), endings, ("", text), False)


NOTHING = german.inflect("", german.table("- " * 16))
THE = Determiner(german.DER, german.WEAK, ("the", "the"), True)
A = Determiner(german.inflect("ein", german.EIN_WORD), german.MIXED, ("a", ""), False)
BARE = Determiner(NOTHING, german.STRONG, ("", ""), False)
PROFESSION = Determiner(NOTHING, german.STRONG, ("a", ""), False)
NO = Determiner(german.inflect("kein", german.EIN_WORD), german.MIXED, ("no", "no"), False)
NOT_A = Determiner(NO.german, german.MIXED, ("a", "any"), False)
THIS = word("dies", "this", "these")
EVERY = word("jed", "every", "")
WHICH = word("welch", "which", "which")
ALL = many("all", "all", german.WEAK)
MANY = many("viel", "many", german.STRONG)
SOME = many("einig", "some", german.STRONG)
MY, YOUR, HIS, HER = own("mein", "my"), own("dein", "your"), own("sein", "his"), own("ihr", "her")
OUR, THEIR = own("unser", "our"), own("ihr", "their")


def whose(column: int) -> Determiner:
    """Return the relative possessive, which agrees with the antecedent."""
    forms = german.inflect(german.RELATIVE[german.GENITIVE][column], german.table("- " * 16))
    return Determiner(forms, german.STRONG, ("whose", "whose"), True)
