"""Random nominal phrases: the determiner, adjectives and attributes of a noun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from data.starter_grammar import determiners as d
from data.starter_grammar.complements import Prepositional
from data.starter_grammar.determiners import Determiner
from data.starter_grammar.frequencies import (
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
    Frequencies,
)
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
from data.starter_grammar.random_choices import RandomChoices

PLURAL, ADJECTIVE, SECOND, VERY, SUPERLATIVES, ORDINAL = 0.32, 0.36, 0.15, 0.1, 0.08, 0.05
POSSESSOR, COMPLEMENT, ATTRIBUTE, PROPER, PRONOUN, PAIRED = 0.06, 0.6, 0.14, 0.16, 0.2, 0.05

Form = tuple[tuple[str, str, str, str], str, str, int]
POSSESSIVES = (d.MY, d.YOUR, None, d.OUR, None, d.THEIR)
# Numerals up to twelve are enough to count people with.
SMALL = 11
Relate = Callable[[Noun, int], Complement]


class Subject(NamedTuple):
    """A subject, its noun if it has one, and the possessive that refers to it."""

    nominal: Nominal
    noun: Noun | None
    own: Determiner | None


class Nominals:
    """Generates nominal phrases from a lexicon."""

    def __init__(self, lexicon: Lexicon, random: RandomChoices) -> None:
        """Share random choices with the rest of the grammar."""
        self.lexicon, self.random = lexicon, random
        self.humans = frozenset(lexicon.select("human"))
        self.people = lexicon.select("human")
        self.owners = lexicon.select("human pet")
        self.belongings = lexicon.select("pet Bruder Schwester Sohn Tochter Vater Mutter Freund")
        self.owned = frozenset(lexicon.select("artefact home pet"))

    def subject(self, nouns: Sequence[Noun], determiners: Frequencies) -> Subject:
        """Return a subject: pronoun, name, pair or noun phrase for people, else a noun phrase."""
        noun = self.random.pick(nouns)
        if noun in self.humans:
            sample = self.random.uniform()
            if sample < PRONOUN:
                return self.pronoun()
            if sample < PRONOUN + PROPER:
                return self.person()
            if sample < PRONOUN + PROPER + PAIRED:
                return self._pair(noun)
        return self.described(noun, determiners, None)

    def pronoun(self) -> Subject:
        """Return a new personal pronoun: alignments distinguish nodes by identity."""
        form = self.random.pick(PRONOUNS)
        own = POSSESSIVES[form[3]]
        if form[3] == ER:
            own = d.HIS if form is HIM else d.HER
        return Subject(Simple(*form, light=True), None, own)

    def person(self) -> Subject:
        """Return a name."""
        name = self.random.pick(self.lexicon.people)
        return Subject(named(name), None, d.HIS if name.kind == "man" else d.HER)

    def _pair(self, noun: Noun) -> Subject:
        first = self.person().nominal
        second = self.phrase(noun, 0, ARTICLE, None)
        return Subject(Pair(first, second), noun, d.THEIR)

    def described(self, noun: Noun, determiners: Frequencies, relate: Relate | None) -> Subject:
        """Return a noun phrase, with a relative clause if `relate` returns one."""
        plural = self.number(noun)
        phrase = self.phrase(noun, plural, determiners, None, relate)
        return Subject(phrase, noun, self.own(noun, plural))

    def own(self, noun: Noun, plural: int) -> Determiner | None:
        """Return the possessive that refers to a person; None for what English may call `it`."""
        if plural:
            return d.THEIR if noun in self.humans else None
        return {MASCULINE: d.HIS, FEMININE: d.HER}.get(noun.natural_gender)

    def expletive(self) -> Simple:
        """Return the expletive `es`."""
        return Simple(("es", "es", "", ""), "it", "it", ER, light=True)

    def number(self, noun: Noun) -> int:
        """Return 1 for the plural, else 0."""
        return int(self.random.chance(PLURAL) and noun.countable)

    def object(
        self,
        nouns: Sequence[Noun],
        determiners: Frequencies,
        subject: Subject,
        relate: Relate | None = None,
    ) -> NounPhrase:
        """Return a noun phrase of another noun than the subject's."""
        noun = self.random.pick(nouns)
        while noun is subject.noun:
            noun = self.random.pick(nouns)
        return self.phrase(noun, self.number(noun), determiners, subject.own, relate)

    def other(self, forms: Sequence[Form], subject: Subject) -> Simple:
        """Return an object pronoun of another person than the subject's."""
        person = subject.nominal.agreement
        mine = {ICH: SPEAKERS, WIR: SPEAKERS, DU: LISTENERS, IHR: LISTENERS}.get(person, ())
        form = self.random.pick([form for form in forms if form not in mine])
        return Simple(*form, light=True)

    def phrase(
        self,
        noun: Noun,
        plural: int,
        determiners: Frequencies,
        own: Determiner | None,
        relate: Relate | None = None,
    ) -> NounPhrase:
        """Return a noun phrase whose determiner is sampled for its number."""
        random = self.random
        determiner = random.pick(determiners[plural if noun.countable else 2])
        name = numeral = ordinal = None
        if determiner is OWN:
            determiner = own or d.THE
        elif determiner is NAMED:
            determiner, name = d.BARE, random.pick(self.lexicon.people)
        elif determiner is NUMBERED:
            some = self.lexicon.cardinals
            determiner, numeral = d.BARE, random.pick(some[:SMALL] if noun in self.humans else some)
        elif determiner is THE_NUMBERED:
            determiner, numeral = d.THE, random.pick(self.lexicon.cardinals[:5])
        elif determiner is d.THE and noun.countable and not plural and random.chance(ORDINAL):
            ordinal = random.pick(self.lexicon.ordinals)
        adjectives, degree, very = self._adjectives(noun, determiner, ordinal)
        possessor, of, attribute = None, None, None
        relative = relate(noun, plural) if relate is not None else None
        if relative is None and ordinal is None and determiners is not ARTICLE:
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
        """Return up to two adjectives by rank, and degree and `very` of the first."""
        random, fitting = self.random, self.lexicon.adjectives[noun]
        if not fitting or ordinal is not None or not random.chance(ADJECTIVE):
            return (), POSITIVE, 0
        first = random.pick(fitting)
        if determiner is d.THE and first.comparable and random.chance(SUPERLATIVES):
            return (first,), SUPERLATIVE, 0
        if first.comparable and random.chance(VERY):
            return (first,), POSITIVE, 1
        second = random.pick(fitting)
        if random.chance(SECOND) and first.rank != second.rank:
            pair = (first, second) if first.rank < second.rank else (second, first)
            return pair, POSITIVE, 0
        return (first,), POSITIVE, 0

    def _after(
        self, noun: Noun, determiner: Determiner
    ) -> tuple[NounPhrase | None, NounPhrase | None, Complement | None]:
        """Return possessor, complement with `of` and attribute, of which at most one is set."""
        random = self.random
        related = self.lexicon.relations.get(noun)
        if related is not None and determiner is d.THE and random.chance(COMPLEMENT):
            of = random.pick(related)
            return None, self.phrase(of, self.number(of), PLAIN, None), None
        if noun in self.owned and determiner is d.THE and random.chance(POSSESSOR):
            owner = random.pick(self.owners)
            return self.phrase(owner, self.number(owner), ARTICLE, None), None, None
        attributes = self.lexicon.attributes[noun]
        if attributes and random.chance(ATTRIBUTE):
            return None, None, self.attribute(noun, random.pick(attributes))
        return None, None, None

    def attribute(self, noun: Noun, modifier: Attribute) -> Prepositional:
        """Return a prepositional phrase that modifies a noun, with another noun or a place."""
        random = self.random
        if modifier.names and not modifier.nouns:
            return Prepositional(modifier.preposition, named(random.pick(modifier.names)))
        other = random.pick(modifier.nouns)
        while other is noun:
            other = random.pick(modifier.nouns)
        plural = self.number(other) if random.chance(0.5) else 0
        return Prepositional(modifier.preposition, self.phrase(other, plural, PLAIN, None))
