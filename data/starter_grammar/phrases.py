"""The contracts of phrases, and nominal phrases of one word or of two joined by `und`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from data.starter_grammar import german
from data.starter_grammar.lexicon import Phrase
from data.starter_grammar.tokens import Token

# The persons that verbs agree with, in the order of the conjugation tables.
ICH, DU, ER, WIR, IHR, SIE = range(6)
# Slots of a node that words of both languages speak for; adjectives count up from the last.
HEAD, DETERMINER, NUMERAL, PREPOSITION, ADJECTIVE = range(5)


@runtime_checkable
class Nominal(Protocol):
    """A subject or an object."""

    @property
    def agreement(self) -> int:
        """The person that the verb agrees with."""

    @property
    def definite(self) -> bool:
        """Whether German places it before adverbs of frequency."""

    @property
    def light(self) -> bool:
        """Whether it is a pronoun, which German places before all adverbs and full objects."""

    def german(self, out: list[Token], case: int) -> None:
        """Append the German words in the given case."""

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Append preposition and words, contracted where German does."""

    def english(self, out: list[Token]) -> None:
        """Append the English words as an object."""

    def english_subject(self, out: list[Token]) -> None:
        """Append the English words as a subject."""

    def skeleton(self) -> str:
        """Return the clauses within, without their words."""


@runtime_checkable
class Complement(Protocol):
    """A complement of a verb that determines its own form."""

    def german(self, out: list[Token]) -> None:
        """Append the German words."""

    def english(self, out: list[Token]) -> None:
        """Append the English words."""

    def skeleton(self) -> str:
        """Return the clauses within, without their words."""


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """A pronoun or a name: one word, whose German form depends on the case alone."""

    forms: tuple[str, str, str, str]
    object_form: str
    subject_form: str
    agreement: int
    definite: bool = True
    light: bool = False

    def german(self, out: list[Token], case: int) -> None:
        """Append the form of the case."""
        out.append((self.forms[case], self, HEAD))

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Append preposition and form, which are never contracted."""
        out.append(preposition)
        self.german(out, case)

    def english(self, out: list[Token]) -> None:
        """Append the form of objects."""
        out.append((self.object_form, self, HEAD))

    def english_subject(self, out: list[Token]) -> None:
        """Append the form of subjects."""
        out.append((self.subject_form, self, HEAD))

    def skeleton(self) -> str:
        """Return nothing: it holds no clause."""
        return ""


def named(name: Phrase) -> Simple:
    """Return the nominal of a person, a town or a country, which has no article or case."""
    return Simple((name.german,) * 4, name.english, name.english, ER)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two nominals joined by `und`."""

    first: Nominal
    second: Nominal
    agreement: int = SIE
    definite: bool = True
    light: bool = False

    def german(self, out: list[Token], case: int) -> None:
        """Append both in the same case."""
        self.first.german(out, case)
        out.append(("und", self, HEAD))
        self.second.german(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Append the preposition once, then both."""
        self.first.german_after(out, preposition, case)
        out.append(("und", self, HEAD))
        self.second.german(out, case)

    def english(self, out: list[Token]) -> None:
        """Append both as objects."""
        self.first.english(out)
        out.append(("and", self, HEAD))
        self.second.english(out)

    def english_subject(self, out: list[Token]) -> None:
        """Append both as subjects."""
        self.first.english_subject(out)
        out.append(("and", self, HEAD))
        self.second.english_subject(out)

    def skeleton(self) -> str:
        """Return the skeletons of both."""
        return self.first.skeleton() + self.second.skeleton()


@dataclass(frozen=True, slots=True, eq=False)
class RelativePronoun:
    """A relative pronoun, which represents the antecedent in its clause."""

    noun_column: int
    agreement: int
    person: int
    definite: bool = True
    light: bool = False

    def german(self, out: list[Token], case: int) -> None:
        """Append the pronoun, with gender and number of the antecedent, in its own case."""
        out.append((german.RELATIVE[case][self.noun_column], self, HEAD))

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Append preposition and pronoun, which are never contracted."""
        out.append(preposition)
        self.german(out, case)

    def english(self, out: list[Token]) -> None:
        """Append `whom` for persons, else `which`."""
        out.append(("whom" if self.person else "which", self, HEAD))

    def english_subject(self, out: list[Token]) -> None:
        """Append `who` for persons, else `which`."""
        out.append(("who" if self.person else "which", self, HEAD))

    def skeleton(self) -> str:
        """Return nothing: it holds no clause."""
        return ""
