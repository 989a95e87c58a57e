"""Draws what a verb needs, by its frame: objects, prepositional phrases, predicates, adverbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.starter_grammar.complements import (
    Adverb,
    PredicateAdjective,
    PredicateNoun,
    Prepositional,
)
from data.starter_grammar.determiners import NOT_A, PROFESSION
from data.starter_grammar.dice import Dice
from data.starter_grammar.german import ACCUSATIVE, CASES, DATIVE, FEMININE, MASCULINE
from data.starter_grammar.lexemes import Noun
from data.starter_grammar.lexicon import Frame, Lexicon, Phrase, Preposition
from data.starter_grammar.nominals import Form, Nominals, Relate, Subject
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import Nominal, named
from data.starter_grammar.tenses import Tense
from data.starter_grammar.urns import ACCUSATIVES, DEFINITE, DENIED, OBJECT, PLAIN, PRONOUNS, Urns

# What each frame needs, in the order in which a relative clause may be hung on it.
NEEDS = {
    "none": (),
    "direct": ("direct",),
    "indirect": ("indirect",),
    "both": ("indirect", "direct"),
    "oblique": ("complement",),
    "location": ("complement",),
    "move": ("direct", "complement"),
}
KINDS = (
    ("direct",) * 9
    + ("oblique",) * 4
    + ("none",) * 4
    + ("both",) * 2
    + ("indirect",) * 2
    + ("location",) * 2
    + ("move",)
)
AFFIRMED, NICHT, KEIN = range(3)
PRONOUN_OBJECT, NAME_OBJECT, TOWN = 0.16, 0.16, 0.3
TIME, FREQUENCY, MANNER, PLACE = 0.34, 0.16, 0.35, 0.3
VERY, COMPARED = 0.2, 0.18
Roles = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is settled before a clause is drawn; `adjuncts` is how many adverbs it may have."""

    tense: Tense
    negation: int
    adjuncts: int


class Predicates:
    """Draws the parts of a clause besides its subject."""

    def __init__(self, lexicon: Lexicon, dice: Dice, nominals: Nominals) -> None:
        """Sorts frames and adverbs by what asks for them."""
        self.lexicon, self.dice, self.nominals = lexicon, dice, nominals
        kinds = {frame.kind for frame in lexicon.frames}
        self.frames = {k: [f for f in lexicon.frames if f.kind == k] for k in sorted(kinds)}
        self.passives = [frame for frame in lexicon.frames if frame.passive]
        self.placed = [f for kind in NEEDS for f in self.frames[kind] if f.places]
        self.adverbs: dict[tuple[str, str], list[Phrase]] = {}
        for adverb in lexicon.adverbs:
            for group in sorted(adverb.groups):
                self.adverbs.setdefault((adverb.kind, group), []).append(adverb)
        self.by = Preposition("von", DATIVE, "by")
        self.inside = Preposition("in", DATIVE, "in")
        self.places = {
            (noun.place, case): Preposition(german, case, english)
            for noun in lexicon.nouns
            for german, _, english in [noun.place.partition(":")]
            for case in CASES.values()
        }
        self.jobs = {g: [n for n in lexicon.select("job") if n.gender == g] for g in range(2)}

    def roles(
        self, frame: Frame, subject: Subject, scene: Scene, given: Roles, relate: Relate | None
    ) -> Roles:
        """All parts but subject and verbs; those in `given` are kept as they are."""
        found = dict(given)
        urns = (OBJECT, DEFINITE, DENIED)[scene.negation]
        for role in NEEDS[frame.kind]:
            if role in given:
                continue
            if role == "direct":
                found[role] = self._direct(frame, subject, urns, relate)
            elif role == "indirect":
                found[role] = self._indirect(frame, subject, relate)
            else:
                found[role] = self._complement(frame, subject, scene, relate)
            relate = None
        if scene.negation == KEIN:
            found["denied"] = found["direct"]
        elif scene.negation == NICHT:
            found["negated"] = 1
        found["link"] = frame.english_link
        return found

    def _direct(self, frame: Frame, subject: Subject, urns: Urns, relate: Relate | None) -> Nominal:
        if relate is None and urns is not DENIED and frame.objects[0] in self.nominals.humans:
            short = self._short(ACCUSATIVES, subject)
            if short is not None:
                return short
        return self.nominals.object(frame.objects, urns, subject, relate)

    def _short(self, forms: tuple[Form, ...], subject: Subject) -> Nominal | None:
        """A pronoun or a name in place of a noun phrase, sometimes."""
        throw = self.dice.throw()
        if throw < PRONOUN_OBJECT:
            return self.nominals.other(forms, subject)
        if throw < PRONOUN_OBJECT + NAME_OBJECT and subject.noun is not None:
            return self.nominals.person().nominal
        return None

    def _indirect(self, frame: Frame, subject: Subject, relate: Relate | None) -> Nominal:
        people = self.nominals.people if frame.kind == "both" else frame.objects
        if relate is None and people[0] in self.nominals.humans:
            short = self._short(PRONOUNS, subject)
            if short is not None:
                return short
        return self.nominals.object(people, DEFINITE, subject, relate)

    def _complement(
        self, frame: Frame, subject: Subject, scene: Scene, relate: Relate | None
    ) -> Prepositional:
        if frame.kind == "move":
            return self.place(frame.second, ACCUSATIVE)
        if frame.names and (not frame.objects or self.dice.chance(TOWN)) and relate is None:
            name = named(self.dice.pick(frame.names))
            return Prepositional(frame.preposition or self.inside, name)
        urns = DEFINITE if scene.negation else OBJECT
        if frame.objects[0].place:
            urns = PLAIN
        nominal = self.nominals.object(frame.objects, urns, subject, relate)
        case = self.places.get((nominal.noun.place, DATIVE))
        preposition = frame.preposition or case
        assert preposition is not None
        return Prepositional(preposition, nominal)

    def place(self, nouns: tuple[Noun, ...], case: int) -> Prepositional:
        """Where or where to, with the preposition that the noun itself asks for."""
        noun = self.dice.pick(nouns)
        phrase = self.nominals.phrase(noun, 0, PLAIN, None)
        return Prepositional(self.places[noun.place, case], phrase)

    def adverbs_of(self, kind: str, group: str) -> Adverb:
        """One adverb of the kind that goes with a tense or a verb."""
        return Adverb(self.dice.pick(self.adverbs[kind, group]))

    def adjoin(self, found: Roles, frame: Frame, scene: Scene, subject: Subject) -> None:
        """Adds adverbs: none twice, no more than the scene allows; animals stay outdoors."""
        animal = subject.noun is not None and subject.noun not in self.nominals.humans
        dice, left, tense = self.dice, scene.adjuncts, scene.tense
        if left and tense.times and dice.chance(TIME):
            found.setdefault("time", self.adverbs_of("time", tense.times))
            left -= 1
        if left and scene.negation == AFFIRMED:
            if tense.frequencies and left == scene.adjuncts and dice.chance(FREQUENCY):
                found["frequency"] = self.adverbs_of("frequency", tense.frequencies)
                left -= 1
            elif frame.manners and dice.chance(MANNER):
                found["manner"] = Adverb(dice.pick(frame.manners))
                left -= 1
        if left and frame.places and dice.chance(PLACE) and "place" not in found:
            outdoors = tuple(noun for noun in frame.places if "outdoor" in noun.classes)
            if not animal and dice.chance(TOWN):
                found["place"] = Prepositional(self.inside, named(dice.pick(self.lexicon.cities)))
            else:
                found["place"] = self.place((animal and outdoors) or frame.places, DATIVE)

    def agent(self, frame: Frame, subject: Subject) -> Prepositional:
        """Who does it, behind `von`."""
        if frame.subjects[0] in self.nominals.humans and self.dice.chance(NAME_OBJECT):
            return Prepositional(self.by, self.nominals.person().nominal)
        return Prepositional(self.by, self.nominals.object(frame.subjects, PLAIN, subject))

    def predicate(self, noun: Noun, scene: Scene) -> Roles | None:
        """An adjective that fits the noun, or None if there is none; perhaps a comparison."""
        fitting = self.lexicon.adjectives[noun]
        if not fitting:
            return None
        adjective, throw = self.dice.pick(fitting), self.dice.throw()
        found: Roles = {"negated": 1} if scene.negation else {}
        standard, very = None, 0
        if adjective.comparable and throw < COMPARED:
            others = [n for n in self.lexicon.nouns if n is not noun and n.classes == noun.classes]
            if others:
                other = self.dice.pick(others)
                standard = self.nominals.phrase(other, 0, PLAIN, None)
        elif adjective.comparable and throw < COMPARED + VERY:
            very = 1
        found["complement"] = PredicateAdjective(adjective, very, standard)
        return found

    def profession(self, woman: int, plural: int, scene: Scene) -> Roles:
        """What somebody is, without an article in German, with `kein` if denied."""
        noun = self.dice.pick(self.jobs[FEMININE if woman else MASCULINE])
        determiner = NOT_A if scene.negation else PROFESSION
        phrase = NounPhrase(noun, plural, determiner)
        found: Roles = {"complement": PredicateNoun(phrase)}
        if scene.negation:
            found["denied"] = phrase
        return found
