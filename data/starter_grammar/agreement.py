"""Pairs of English sentences, right and wrong in the verb alone, with nouns that lead astray."""

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
    """A German line, its translation, the same with the verb in the other number, the distance."""

    source: str
    target: str
    wrong: str
    distance: int


@dataclass(frozen=True, slots=True, eq=False)
class Misled:
    """A subject whose verb goes by the other number."""

    phrase: NounPhrase
    definite: bool = True
    light: bool = False

    @property
    def agreement(self) -> int:
        """The number that the phrase has not."""
        return ER if self.phrase.plural else SIE

    def german(self, out: list[Token], case: int) -> None:
        """As the phrase."""
        self.phrase.german(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """As the phrase."""
        self.phrase.german_after(out, preposition, case)

    def english(self, out: list[Token]) -> None:
        """As the phrase."""
        self.phrase.english(out)

    english_subject = english

    def skeleton(self) -> str:
        """As the phrase."""
        return self.phrase.skeleton()


class Agreement:
    """Draws contrasts: a subject, a chain of nouns of the other number, a verb in the present."""

    def __init__(self, grammar: Grammar) -> None:
        """Uses the lexicon and the dice of the grammar."""
        self.grammar, self.dice = grammar, grammar.dice
        self.lexicon = grammar.embedding.lexicon
        self.heads = [n for n in self.lexicon.nouns if n.countable and self._ways(n)]

    def _ways(self, noun: Noun) -> bool:
        nouns = self.lexicon.relations.get(noun, ())
        return bool(nouns) or any(said.nouns for said in self.lexicon.attributes[noun])

    def contrasts(self, distance: int) -> Iterator[Contrast]:
        """Endlessly many, with `distance` nouns between subject and verb; they may repeat."""
        while True:
            noun, plural = self.dice.pick(self.heads), int(self.dice.chance(0.5))
            phrase = self.chain(noun, plural, 1 - plural, distance)
            if phrase is None:
                continue
            clause = self.clause(phrase)
            if clause is None:
                continue
            right, wrong = (
                Statement(each, each.subject)
                for each in (clause, replace(clause, subject=Misled(phrase)))
            )
            german: list[Token] = []
            english: list[Token] = []
            other: list[Token] = []
            right.german(german)
            right.english(english)
            wrong.english(other)
            yield Contrast(text(german, "."), text(english, "."), text(other, "."), distance)

    def chain(self, noun: Noun, plural: int, others: int, length: int) -> NounPhrase | None:
        """The noun with `length` nouns behind it, each said of the one before; None if stuck."""
        if not length:
            return NounPhrase(noun, plural, THE)
        related = self.lexicon.relations.get(noun, ())
        said = [each for each in self.lexicon.attributes[noun] if each.nouns]
        if related and (not said or self.dice.chance(0.7)):
            other = self._next(related, noun, others, length)
            return NounPhrase(noun, plural, THE, of=other) if other is not None else None
        if not said:
            return None
        attribute = self.dice.pick(said)
        other = self._next(attribute.nouns, noun, others, length)
        if other is None:
            return None
        return NounPhrase(noun, plural, THE, attribute=Prepositional(attribute.preposition, other))

    def _next(
        self, nouns: tuple[Noun, ...], noun: Noun, plural: int, length: int
    ) -> NounPhrase | None:
        other = self.dice.pick(nouns)
        if other is noun or (plural and not other.countable):
            return None
        return self.chain(other, plural, plural, length - 1)

    def clause(self, phrase: NounPhrase) -> Clause | None:
        """A verb whose English form tells the number: present, perfect, or `be` in any tense."""
        dice, embedding = self.dice, self.grammar.embedding
        tense = dice.pick((PRESENT, PRESENT, PERFECT))
        frames = [f for f in embedding.by_subject[phrase.noun] if f.kind == "none"]
        adjectives = self.lexicon.adjectives[phrase.noun]
        if frames and (not adjectives or dice.chance(0.6)):
            return Clause(phrase, tense.chain(dice.pick(frames).verb))
        if not adjectives:
            return None
        predicate = PredicateAdjective(dice.pick(adjectives))
        return Clause(phrase, PRESENT.chain(embedding.to_be.verb), complement=predicate)
