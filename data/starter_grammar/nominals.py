"""Draws nominal phrases: which determiner, adjectives and attributes a noun gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from data.starter_grammar import determiners as d
from data.starter_grammar.complements import Prepositional
from data.starter_grammar.determiners import Determiner
from data.starter_grammar.dice import Dice
from data.starter_grammar.german import FEMININE, MASCULINE
from data.starter_grammar.lexemes import POSITIVE, SUPERLATIVE, Adjective, Noun
from data.starter_grammar.lexicon import Attribute, Lexicon, Phrase
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import (
    DU,
    ER,
    ICH,
    IHR,
    WIR,
    Complement,
    Nominal,
    Pair,
    Simple,
    named,
)
from data.starter_grammar.urns import (
    ARTICLE,
    HIM,
    LISTENERS,
    NAMED,
    NUMBERED,
    OWN,
    PLAIN,
    PRONOUNS,
    SPEAKERS,
    THE_NUMBERED,
    Urns,
)

PLURAL, ADJECTIVE, SECOND, VERY, SUPERLATIVES, ORDINAL = 0.32, 0.36, 0.15, 0.1, 0.08, 0.05
POSSESSOR, COMPLEMENT, ATTRIBUTE, PROPER, PRONOUN, PAIRED = 0.06, 0.6, 0.14, 0.16, 0.2, 0.05

Form = tuple[tuple[str, str, str, str], str, str, int]
POSSESSIVES = (d.MY, d.YOUR, None, d.OUR, None, d.THEIR)
# Numerals up to twelve are enough to count people with.
SMALL = 11
Relate = Callable[[Noun, int], Complement]


class Subject(NamedTuple):
    """A drawn subject, its noun if it has one, and the possessive that refers to it."""

    nominal: Nominal
    noun: Noun | None
    own: Determiner | None


class Nominals:
    """Draws nominal phrases from a lexicon."""

    def __init__(self, lexicon: Lexicon, dice: Dice) -> None:
        """Shares the dice with the rest of the grammar."""
        self.lexicon, self.dice = lexicon, dice
        self.humans = frozenset(lexicon.select("human"))
        self.people = lexicon.select("human")
        self.owners = lexicon.select("human pet")
        self.belongings = lexicon.select("pet Bruder Schwester Sohn Tochter Vater Mutter Freund")
        self.owned = frozenset(lexicon.select("artefact home pet"))

    def subject(self, nouns: Sequence[Noun], urns: Urns) -> Subject:
        """A subject of any kind: pronoun, name, pair or noun phrase; nouns alone for others."""
        noun = self.dice.pick(nouns)
        if noun in self.humans:
            throw = self.dice.throw()
            if throw < PRONOUN:
                return self.pronoun()
            if throw < PRONOUN + PROPER:
                return self.person()
            if throw < PRONOUN + PROPER + PAIRED:
                return self._pair(noun)
        return self.described(noun, urns, None)

    def pronoun(self) -> Subject:
        """A personal pronoun, anew each time, since alignments tell nodes apart."""
        form = self.dice.pick(PRONOUNS)
        own = POSSESSIVES[form[3]]
        if form[3] == ER:
            own = d.HIS if form is HIM else d.HER
        return Subject(Simple(*form, light=True), None, own)

    def person(self) -> Subject:
        """A name."""
        name = self.dice.pick(self.lexicon.people)
        return Subject(named(name), None, d.HIS if name.kind == "man" else d.HER)

    def _pair(self, noun: Noun) -> Subject:
        first = self.person().nominal
        second = self.phrase(noun, 0, ARTICLE, None)
        return Subject(Pair(first, second), noun, d.THEIR)

    def described(self, noun: Noun, urns: Urns, relate: Relate | None) -> Subject:
        """A noun phrase, with a relative clause if `relate` draws one."""
        plural = self.number(noun)
        phrase = self.phrase(noun, plural, urns, None, relate)
        return Subject(phrase, noun, self.own(noun, plural))

    def own(self, noun: Noun, plural: int) -> Determiner | None:
        """The possessive that refers to a person, or None for what English may call `it`."""
        if plural:
            return d.THEIR if noun in self.humans else None
        return {MASCULINE: d.HIS, FEMININE: d.HER}.get(noun.natural_gender)

    def nobody(self) -> Simple:
        """`es` of the weather."""
        return Simple(("es", "es", "", ""), "it", "it", ER, light=True)

    def number(self, noun: Noun) -> int:
        """1 for the plural."""
        return int(self.dice.chance(PLURAL) and noun.countable)

    def object(
        self, nouns: Sequence[Noun], urns: Urns, subject: Subject, relate: Relate | None = None
    ) -> NounPhrase:
        """A noun phrase of another noun than the subject's."""
        noun = self.dice.pick(nouns)
        while noun is subject.noun:
            noun = self.dice.pick(nouns)
        return self.phrase(noun, self.number(noun), urns, subject.own, relate)

    def other(self, forms: Sequence[Form], subject: Subject) -> Simple:
        """An object pronoun of another person than the subject's."""
        person = subject.nominal.agreement
        mine = {ICH: SPEAKERS, WIR: SPEAKERS, DU: LISTENERS, IHR: LISTENERS}.get(person, ())
        form = self.dice.pick([form for form in forms if form not in mine])
        return Simple(*form, light=True)

    def phrase(
        self,
        noun: Noun,
        plural: int,
        urns: Urns,
        own: Determiner | None,
        relate: Relate | None = None,
    ) -> NounPhrase:
        """A noun phrase whose determiner comes from the urn for its number."""
        dice = self.dice
        determiner = dice.pick(urns[plural if noun.countable else 2])
        name = numeral = ordinal = None
        if determiner is OWN:
            determiner = own or d.THE
        elif determiner is NAMED:
            determiner, name = d.BARE, dice.pick(self.lexicon.people)
        elif determiner is NUMBERED:
            some = self.lexicon.cardinals
            determiner, numeral = d.BARE, dice.pick(some[:SMALL] if noun in self.humans else some)
        elif determiner is THE_NUMBERED:
            determiner, numeral = d.THE, dice.pick(self.lexicon.cardinals[:5])
        elif determiner is d.THE and noun.countable and not plural and dice.chance(ORDINAL):
            ordinal = dice.pick(self.lexicon.ordinals)
        adjectives, degree, very = self._adjectives(noun, determiner, ordinal)
        possessor, of, attribute = None, None, None
        relative = relate(noun, plural) if relate is not None else None
        if relative is None and ordinal is None and urns is not ARTICLE:
            possessor, of, attribute = self._after(noun, determiner)
        return NounPhrase(
            noun,
            plural,
            determiner,
            name,
            numeral,
            ordinal,
            adjectives,
            degree,
            very,
            possessor,
            of,
            attribute,
            relative,
        )

    def _adjectives(
        self, noun: Noun, determiner: Determiner, ordinal: Phrase | None
    ) -> tuple[tuple[Adjective, ...], int, int]:
        """None, one, or two in the order of their ranks; a degree and `very` for the first."""
        dice, fitting = self.dice, self.lexicon.adjectives[noun]
        if not fitting or ordinal is not None or not dice.chance(ADJECTIVE):
            return (), POSITIVE, 0
        first = dice.pick(fitting)
        if determiner is d.THE and first.comparable and dice.chance(SUPERLATIVES):
            return (first,), SUPERLATIVE, 0
        if first.comparable and dice.chance(VERY):
            return (first,), POSITIVE, 1
        second = dice.pick(fitting)
        if dice.chance(SECOND) and first.rank != second.rank:
            pair = (first, second) if first.rank < second.rank else (second, first)
            return pair, POSITIVE, 0
        return (first,), POSITIVE, 0

    def _after(
        self, noun: Noun, determiner: Determiner
    ) -> tuple[NounPhrase | None, NounPhrase | None, Complement | None]:
        """Possessor, complement with `of`, attribute: one of them or none."""
        dice = self.dice
        related = self.lexicon.relations.get(noun)
        if related is not None and determiner is d.THE and dice.chance(COMPLEMENT):
            of = dice.pick(related)
            return None, self.phrase(of, self.number(of), PLAIN, None), None
        if noun in self.owned and determiner is d.THE and dice.chance(POSSESSOR):
            owner = dice.pick(self.owners)
            return self.phrase(owner, self.number(owner), ARTICLE, None), None, None
        said = self.lexicon.attributes[noun]
        if said and dice.chance(ATTRIBUTE):
            return None, None, self.attribute(noun, dice.pick(said))
        return None, None, None

    def attribute(self, noun: Noun, said: Attribute) -> Prepositional:
        """A prepositional phrase that says something of a noun, of another noun or of a place."""
        dice = self.dice
        if said.names and not said.nouns:
            return Prepositional(said.preposition, named(dice.pick(said.names)))
        other = dice.pick(said.nouns)
        while other is noun:
            other = dice.pick(said.nouns)
        plural = self.number(other) if dice.chance(0.5) else 0
        return Prepositional(said.preposition, self.phrase(other, plural, PLAIN, None))
