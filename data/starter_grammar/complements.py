"""What completes a verb or surrounds it: prepositional phrases, adverbs, predicates."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import german
from data.starter_grammar.lexemes import Adjective
from data.starter_grammar.lexicon import Phrase, Preposition
from data.starter_grammar.noun_phrases import VERY, NounPhrase
from data.starter_grammar.phrases import HEAD, PREPOSITION, Nominal
from data.starter_grammar.tokens import Token


@dataclass(frozen=True, slots=True, eq=False)
class Prepositional:
    """A preposition and what it governs."""

    preposition: Preposition
    nominal: Nominal

    def german(self, out: list[Token]) -> None:
        """Append the preposition, contracted where possible, and the nominal."""
        token = (self.preposition.german, self, PREPOSITION)
        self.nominal.german_after(out, token, self.preposition.case)

    def english(self, out: list[Token]) -> None:
        """Append the nominal, after a preposition if English has one (not with remember)."""
        if self.preposition.english:
            out.append((self.preposition.english, self, PREPOSITION))
        self.nominal.english(out)

    def skeleton(self) -> str:
        """Return the skeleton of the nominal."""
        return self.nominal.skeleton()


@dataclass(frozen=True, slots=True, eq=False)
class Adverb:
    """A fixed phrase, or the question word that asks for one."""

    phrase: Phrase

    def german(self, out: list[Token]) -> None:
        """Append the phrase."""
        out.append((self.phrase.german, self, HEAD))

    def english(self, out: list[Token]) -> None:
        """Append the phrase."""
        out.append((self.phrase.english, self, HEAD))

    def skeleton(self) -> str:
        """Return nothing: it holds no clause."""
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class PredicateAdjective:
    """An adjective after `sein`, which German leaves without an ending; or a comparison."""

    adjective: Adjective
    very: int = 0
    standard: Nominal | None = None

    def german(self, out: list[Token]) -> None:
        """Append, for example, `sehr alt` or `älter als der Hund`."""
        if self.very:
            out.append(("sehr", self, VERY))
        out.append((self.adjective.german[self.standard is not None], self, HEAD))
        if self.standard is not None:
            out.append(("als", self, PREPOSITION))
            self.standard.german(out, german.NOMINATIVE)

    def english(self, out: list[Token]) -> None:
        """Append, for example, `very old` or `older than the dog`."""
        if self.very:
            out.append(("very", self, VERY))
        out.append((self.adjective.english[self.standard is not None], self, HEAD))
        if self.standard is not None:
            out.append(("than", self, PREPOSITION))
            self.standard.english(out)

    def skeleton(self) -> str:
        """Return the skeleton of the second term of comparison."""
        return self.standard.skeleton() if self.standard is not None else ""


@dataclass(frozen=True, slots=True, eq=False)
class PredicateNoun:
    """A noun in the nominative after `sein`."""

    nominal: NounPhrase

    def german(self, out: list[Token]) -> None:
        """Append the noun in the nominative."""
        self.nominal.german(out, german.NOMINATIVE)

    def english(self, out: list[Token]) -> None:
        """Append the noun with the article that German omits before professions."""
        self.nominal.english(out)

    def skeleton(self) -> str:
        """Return the skeleton of the noun phrase."""
        return self.nominal.skeleton()
