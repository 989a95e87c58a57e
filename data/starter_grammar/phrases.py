"""What a phrase is, and the nominal phrases of one word, or of two joined by `und`."""

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
    """Whatever can be subject or object."""

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
        """Appends the German words in the given case."""

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Appends preposition and words, contracted where German does."""

    def english(self, out: list[Token]) -> None:
        """Appends the English words as an object."""

    def english_subject(self, out: list[Token]) -> None:
        """Appends the English words as a subject."""

    def skeleton(self) -> str:
        """The clauses within, without their words."""


@runtime_checkable
class Complement(Protocol):
    """Whatever completes a verb and brings its own form."""

    def german(self, out: list[Token]) -> None:
        """Appends the German words."""

    def english(self, out: list[Token]) -> None:
        """Appends the English words."""

    def skeleton(self) -> str:
        """The clauses within, without their words."""


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
        """The one word."""
        out.append((self.forms[case], self, HEAD))

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Nothing to contract."""
        out.append(preposition)
        self.german(out, case)

    def english(self, out: list[Token]) -> None:
        """The form of objects."""
        out.append((self.object_form, self, HEAD))

    def english_subject(self, out: list[Token]) -> None:
        """The form of subjects."""
        out.append((self.subject_form, self, HEAD))

    def skeleton(self) -> str:
        """Nothing within."""
        return ""


def named(name: Phrase) -> Simple:
    """A person, a town or a country, without article or case."""
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
        """Both in the same case."""
        self.first.german(out, case)
        out.append(("und", self, HEAD))
        self.second.german(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """The preposition is said once."""
        self.first.german_after(out, preposition, case)
        out.append(("und", self, HEAD))
        self.second.german(out, case)

    def english(self, out: list[Token]) -> None:
        """Both as objects."""
        self.first.english(out)
        out.append(("and", self, HEAD))
        self.second.english(out)

    def english_subject(self, out: list[Token]) -> None:
        """Both as subjects."""
        self.first.english_subject(out)
        out.append(("and", self, HEAD))
        self.second.english_subject(out)

    def skeleton(self) -> str:
        """The clauses of both."""
        return self.first.skeleton() + self.second.skeleton()


@dataclass(frozen=True, slots=True, eq=False)
class RelativePronoun:
    """Stands in its clause for the noun that the clause is about."""

    noun_column: int
    agreement: int
    person: int
    definite: bool = True
    light: bool = False

    def german(self, out: list[Token], case: int) -> None:
        """Gender and number of the noun, case of the place in the clause."""
        out.append((german.RELATIVE[case][self.noun_column], self, HEAD))

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Never contracted."""
        out.append(preposition)
        self.german(out, case)

    def english(self, out: list[Token]) -> None:
        """`whom` of persons, `which` of all else."""
        out.append(("whom" if self.person else "which", self, HEAD))

    def english_subject(self, out: list[Token]) -> None:
        """`who` of persons, `which` of all else."""
        out.append(("who" if self.person else "which", self, HEAD))

    def skeleton(self) -> str:
        """Nothing within."""
        return ""
