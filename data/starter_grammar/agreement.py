"""Pairs of English sentences that differ only in the number of the verb, with attractor nouns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from data.starter_grammar.clauses import Clause
from data.starter_grammar.complements import PredicateAdjective, Prepositional
from data.starter_grammar.determiners import THE
from data.starter_grammar.grammar import Grammar
from data.starter_grammar.lexemes import Noun
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import ER, SIE
from data.starter_grammar.sentences import Statement
from data.starter_grammar.tenses import PERFECT, PRESENT
from data.starter_grammar.tokens import Token, text

FARTHEST = 4


class Contrast(NamedTuple):
    """A German line, its translation, one with the verb in the wrong number, and the distance."""

    source: str
    target: str
    wrong: str
    distance: int


@dataclass(frozen=True, slots=True, eq=False)
class WrongAgreement:
    """A subject whose verb agrees with the wrong number."""

    phrase: NounPhrase
    definite: bool = True
    light: bool = False

    @property
    def agreement(self) -> int:
        """The person of the other number."""
        return ER if self.phrase.plural else SIE

    def german(self, out: list[Token], case: int) -> None:
        """Do as the phrase does."""
        self.phrase.german(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Do as the phrase does."""
        self.phrase.german_after(out, preposition, case)

    def english(self, out: list[Token]) -> None:
        """Do as the phrase does."""
        self.phrase.english(out)

    english_subject = english

    def skeleton(self) -> str:
        """Do as the phrase does."""
        return self.phrase.skeleton()


class Agreement:
    """Generates contrasts: a subject, a chain of nouns of the other number, a finite verb."""

    def __init__(self, grammar: Grammar) -> None:
        """Share lexicon and random choices with the grammar."""
        self.grammar, self.random = grammar, grammar.random
        self.lexicon = grammar.embedding.lexicon
        self.heads = [n for n in self.lexicon.nouns if n.countable and self._ways(n)]

    def _ways(self, noun: Noun) -> bool:
        nouns = self.lexicon.relations.get(noun, ())
        return bool(nouns) or any(attribute.nouns for attribute in self.lexicon.attributes[noun])

    def contrasts(self, distance: int) -> Iterator[Contrast]:
        """Yield contrasts without end, with `distance` nouns before the verb; some repeat."""
        while True:
            noun, plural = self.random.pick(self.heads), int(self.random.chance(0.5))
            phrase = self.chain(noun, plural, 1 - plural, distance)
            if phrase is None:
                continue
            clause = self.clause(phrase)
            if clause is None:
                continue
            right, wrong = (
                Statement(each, each.subject)
                for each in (clause, replace(clause, subject=WrongAgreement(phrase)))
            )
            german: list[Token] = []
            english: list[Token] = []
            other: list[Token] = []
            right.german(german)
            right.english(english)
            wrong.english(other)
            yield Contrast(text(german, "."), text(english, "."), text(other, "."), distance)

    def chain(self, noun: Noun, plural: int, others: int, length: int) -> NounPhrase | None:
        """Return the noun and `length` nouns, each modifying the last; None if impossible."""
        if not length:
            return NounPhrase(noun, plural, THE)
        related = self.lexicon.relations.get(noun, ())
        attributes = [each for each in self.lexicon.attributes[noun] if each.nouns]
        if related and (not attributes or self.random.chance(0.7)):
            other = self._next(related, noun, others, length)
            return NounPhrase(noun, plural, THE, of=other) if other is not None else None
        if not attributes:
            return None
        attribute = self.random.pick(attributes)
        other = self._next(attribute.nouns, noun, others, length)
        if other is None:
            return None
        return NounPhrase(noun, plural, THE, attribute=Prepositional(attribute.preposition, other))

    def _next(
        self, nouns: tuple[Noun, ...], noun: Noun, plural: int, length: int
    ) -> NounPhrase | None:
        other = self.random.pick(nouns)
        if other is noun or (plural and not other.countable):
            return None
        return self.chain(other, plural, plural, length - 1)

    def clause(self, phrase: NounPhrase) -> Clause | None:
        """Return a clause whose English verb shows the number, in present or perfect; or None."""
        random, embedding = self.random, self.grammar.embedding
        tense = random.pick((PRESENT, PRESENT, PERFECT))
        frames = [f for f in embedding.by_subject[phrase.noun] if f.kind == "none"]
        adjectives = self.lexicon.adjectives[phrase.noun]
        if frames and (not adjectives or random.chance(0.6)):
            return Clause(phrase, tense.chain(random.pick(frames).verb))
        if not adjectives:
            return None
        predicate = PredicateAdjective(random.pick(adjectives))
        return Clause(phrase, PRESENT.chain(embedding.to_be.verb), complement=predicate)
