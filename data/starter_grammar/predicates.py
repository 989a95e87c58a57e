"""Random complements of a verb: objects, prepositional phrases, predicates, adverbs."""

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
from data.starter_grammar.frequencies import (
    ACCUSATIVES,
    DEFINITE,
    NEGATED_OBJECT,
    OBJECT,
    PLAIN,
    PRONOUNS,
    Frequencies,
)
from data.starter_grammar.german import ACCUSATIVE, CASES, DATIVE, FEMININE, MASCULINE
from data.starter_grammar.lexemes import Noun
from data.starter_grammar.lexicon import Frame, Lexicon, Phrase, Preposition
from data.starter_grammar.nominals import Form, Nominals, Relate, Subject
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import Nominal, named
from data.starter_grammar.random_choices import RandomChoices
from data.starter_grammar.tenses import Tense

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
    """What is fixed before a clause is generated; `adjuncts` is how many adverbs it may have."""

    tense: Tense
    negation: int
    adjuncts: int


class Predicates:
    """Generates the parts of a clause except its subject."""

    def __init__(self, lexicon: Lexicon, random: RandomChoices, nominals: Nominals) -> None:
        """Index frames and adverbs by the properties that select them."""
        self.lexicon, self.random, self.nominals = lexicon, random, nominals
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
        """Return all parts but subject and verbs; those in `given` are used as they are."""
        roles = dict(given)
        determiners = (OBJECT, DEFINITE, NEGATED_OBJECT)[scene.negation]
        for role in NEEDS[frame.kind]:
            if role in given:
                continue
            if role == "direct":
                roles[role] = self._direct(frame, subject, determiners, relate)
            elif role == "indirect":
                roles[role] = self._indirect(frame, subject, relate)
            else:
                roles[role] = self._complement(frame, subject, scene, relate)
            relate = None
        if scene.negation == KEIN:
            roles["negated_object"] = roles["direct"]
        elif scene.negation == NICHT:
            roles["negated"] = 1
        roles["link"] = frame.english_link
        return roles

    def _direct(
        self, frame: Frame, subject: Subject, determiners: Frequencies, relate: Relate | None
    ) -> Nominal:
        if (
            relate is None
            and determiners is not NEGATED_OBJECT
            and frame.objects[0] in self.nominals.humans
        ):
            short = self._short(ACCUSATIVES, subject)
            if short is not None:
                return short
        return self.nominals.object(frame.objects, determiners, subject, relate)

    def _short(self, forms: tuple[Form, ...], subject: Subject) -> Nominal | None:
        """Return a pronoun or a name in place of a noun phrase, or None."""
        sample = self.random.uniform()
        if sample < PRONOUN_OBJECT:
            return self.nominals.other(forms, subject)
        if sample < PRONOUN_OBJECT + NAME_OBJECT and subject.noun is not None:
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
        if frame.names and (not frame.objects or self.random.chance(TOWN)) and relate is None:
            name = named(self.random.pick(frame.names))
            return Prepositional(frame.preposition or self.inside, name)
        determiners = DEFINITE if scene.negation else OBJECT
        if frame.objects[0].place:
            determiners = PLAIN
        nominal = self.nominals.object(frame.objects, determiners, subject, relate)
        case = self.places.get((nominal.noun.place, DATIVE))
        preposition = frame.preposition or case
        assert preposition is not None
        return Prepositional(preposition, nominal)

    def place(self, nouns: tuple[Noun, ...], case: int) -> Prepositional:
        """Return a place or a destination, with the preposition that the noun requires."""
        noun = self.random.pick(nouns)
        phrase = self.nominals.phrase(noun, 0, PLAIN, None)
        return Prepositional(self.places[noun.place, case], phrase)

    def adverbs_of(self, kind: str, group: str) -> Adverb:
        """Return an adverb of the kind that goes with a tense or a verb."""
        return Adverb(self.random.pick(self.adverbs[kind, group]))

    def adjoin(self, roles: Roles, frame: Frame, scene: Scene, subject: Subject) -> None:
        """Add adverbs, each once and no more than the scene allows; animals stay outdoors."""
        animal = subject.noun is not None and subject.noun not in self.nominals.humans
        random, left, tense = self.random, scene.adjuncts, scene.tense
        if left and tense.times and random.chance(TIME):
            roles.setdefault("time", self.adverbs_of("time", tense.times))
            left -= 1
        if left and scene.negation == AFFIRMED:
            if tense.frequencies and left == scene.adjuncts and random.chance(FREQUENCY):
                roles["frequency"] = self.adverbs_of("frequency", tense.frequencies)
                left -= 1
            elif frame.manners and random.chance(MANNER):
                roles["manner"] = Adverb(random.pick(frame.manners))
                left -= 1
        if left and frame.places and random.chance(PLACE) and "place" not in roles:
            outdoors = tuple(noun for noun in frame.places if "outdoor" in noun.classes)
            if not animal and random.chance(TOWN):
                roles["place"] = Prepositional(self.inside, named(random.pick(self.lexicon.cities)))
            else:
                roles["place"] = self.place((animal and outdoors) or frame.places, DATIVE)

    def agent(self, frame: Frame, subject: Subject) -> Prepositional:
        """Return the agent of a passive, after `von`."""
        if frame.subjects[0] in self.nominals.humans and self.random.chance(NAME_OBJECT):
            return Prepositional(self.by, self.nominals.person().nominal)
        return Prepositional(self.by, self.nominals.object(frame.subjects, PLAIN, subject))

    def predicate(self, noun: Noun, scene: Scene) -> Roles | None:
        """Return an adjective that fits the noun, maybe in a comparison; None if there is none."""
        fitting = self.lexicon.adjectives[noun]
        if not fitting:
            return None
        adjective, sample = self.random.pick(fitting), self.random.uniform()
        roles: Roles = {"negated": 1} if scene.negation else {}
        standard, very = None, 0
        if adjective.comparable and sample < COMPARED:
            others = [n for n in self.lexicon.nouns if n is not noun and n.classes == noun.classes]
            if others:
                other = self.random.pick(others)
                standard = self.nominals.phrase(other, 0, PLAIN, None)
        elif adjective.comparable and sample < COMPARED + VERY:
            very = 1
        roles["complement"] = PredicateAdjective(adjective, very, standard)
        return roles

    def profession(self, woman: int, plural: int, scene: Scene) -> Roles:
        """Return a profession, in German without an article, or with `kein` if negated."""
        noun = self.random.pick(self.jobs[FEMININE if woman else MASCULINE])
        determiner = NOT_A if scene.negation else PROFESSION
        phrase = NounPhrase(noun, plural, determiner)
        roles: Roles = {"complement": PredicateNoun(phrase)}
        if scene.negation:
            roles["negated_object"] = phrase
        return roles
