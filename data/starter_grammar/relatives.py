"""Draws relative clauses, in which a pronoun stands for the noun that they are about."""

from __future__ import annotations

from abc import ABC, abstractmethod

from data.starter_grammar import conjunctions as c
from data.starter_grammar.clauses import Clause
from data.starter_grammar.complements import Prepositional
from data.starter_grammar.determiners import whose
from data.starter_grammar.dice import Dice
from data.starter_grammar.german import MASCULINE
from data.starter_grammar.german import PLURAL as MANY
from data.starter_grammar.lexemes import Noun
from data.starter_grammar.lexicon import Frame, Lexicon
from data.starter_grammar.nominals import Nominals, Relate, Subject
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import DU, ER, IHR, SIE, Complement, RelativePronoun, Simple
from data.starter_grammar.predicates import AFFIRMED, KEIN, NEEDS, NICHT, Predicates, Roles, Scene
from data.starter_grammar.subordinates import Fronted
from data.starter_grammar.tenses import PRETERITE, Tense
from data.starter_grammar.urns import DEFINITE, SUBJECT

NEGATED, PASSIVE, AGENT, VERBAL = 0.13, 0.12, 0.45, 0.85
# Of relative clauses: about an object, after a preposition, about an owner; else about a subject.
OBJECTS, PREPOSITIONS, OWNERS = 0.35, 0.45, 0.53


class Relatives(ABC):
    """Relative clauses; what they hold besides the pronoun is drawn by `embed`."""

    def __init__(self, lexicon: Lexicon, dice: Dice) -> None:
        """Sorts frames by the nouns that fit them."""
        self.dice, self.lexicon = dice, lexicon
        self.nominals = Nominals(lexicon, dice)
        self.predicates = Predicates(lexicon, dice, self.nominals)
        frames, nouns = self.predicates.frames, lexicon.nouns
        plain = [frame for kind in NEEDS for frame in frames[kind]]
        self.by_subject = {n: [f for f in plain if n in f.subject_set] for n in nouns}
        self.by_direct = {n: [f for f in frames["direct"] if n in f.objects] for n in nouns}
        # "after whom he looks" would be read as looking: particles stay out.
        bound = [frame for frame in frames["oblique"] if not frame.verb.rest]
        self.by_oblique = {n: [f for f in bound if n in f.objects] for n in nouns}
        self.by_passive = {
            n: [f for f in frames["direct"] if f.passive and n in f.objects] for n in nouns
        }
        self.to_be = frames["copula"][0]

    @abstractmethod
    def embed(
        self, frame: Frame, subject: Subject | None, scene: Scene, given: Roles, depth: int
    ) -> Clause:
        """A clause of the frame around the roles given, with clauses nested `depth` deep."""

    @abstractmethod
    def circumstance(self, around: Tense, main: Subject, frame: Frame, depth: int) -> Complement:
        """An adverbial clause within a clause of that tense, subject and frame."""

    def scene(self, tense: Tense, adjuncts: int) -> Scene:
        """Affirmed, mostly; always where there is no room for adverbs either."""
        negation = AFFIRMED
        if adjuncts and self.dice.chance(NEGATED):
            negation = KEIN if self.dice.chance(0.5) else NICHT
        return Scene(tense, negation, adjuncts)

    def subject(self, frame: Frame, scene: Scene, relate: Relate | None) -> Subject:
        """A subject of the frame; a noun phrase if a relative clause hangs on it."""
        urns = DEFINITE if scene.negation else SUBJECT
        if relate is not None:
            return self.nominals.described(self.dice.pick(frame.subjects), urns, relate)
        drawn = self.nominals.subject(frame.subjects, urns)
        # The simple past of the second person is bookish: "du aßest".
        if scene.tense is PRETERITE and drawn.nominal.agreement in (DU, IHR):
            return self.nominals.person()
        return drawn

    def passive_of(self, frame: Frame, drawn: Subject, scene: Scene) -> Clause:
        """The passive of a frame with the subject given."""
        roles: Roles = {"negated": 1} if scene.negation else {}
        if self.dice.chance(AGENT):
            roles["complement"] = self.predicates.agent(frame, drawn)
            scene = Scene(scene.tense, scene.negation, 0)
        self.predicates.adjoin(roles, frame, scene, drawn)
        return Clause(drawn.nominal, scene.tense.passive(frame.verb), **roles)

    def relative(self, around: Tense, depth: int, noun: Noun, plural: int) -> Complement:
        """A relative clause about the noun: as subject, object, owner or after a preposition."""
        dice = self.dice
        tense = dice.pick(c.within(around))
        person = int(noun in self.nominals.humans)
        column = MANY if plural else noun.gender
        pronoun = RelativePronoun(column, SIE if plural else ER, person)
        throw = dice.throw()
        if throw < OBJECTS and self.by_direct[noun]:
            found = self._as_object(noun, pronoun, tense, depth)
        elif throw < PREPOSITIONS and self.by_oblique[noun]:
            found = self._after_preposition(noun, pronoun, tense, depth)
        elif throw < OWNERS and person:
            found = self._as_owner(column, tense, depth)
        else:
            found = None
        return found or self._as_subject(noun, pronoun, tense, depth)

    def _as_subject(
        self, noun: Noun, pronoun: RelativePronoun, tense: Tense, depth: int
    ) -> Complement:
        dice, frames = self.dice, self.by_subject[noun]
        own = self.nominals.own(noun, int(pronoun.agreement == SIE))
        drawn = Subject(pronoun, noun, own)
        scene = self.scene(tense, 1)
        if not depth and self.by_passive[noun] and (not frames or dice.chance(PASSIVE)):
            clause = self.passive_of(dice.pick(self.by_passive[noun]), drawn, scene)
        elif frames and (depth or dice.chance(VERBAL)):
            clause = self.embed(dice.pick(frames), drawn, scene, {}, depth)
        else:
            clause = self._being(noun, drawn, scene, depth)
        return Fronted("relative", clause, pronoun)

    def _being(self, noun: Noun, drawn: Subject, scene: Scene, depth: int) -> Clause:
        roles = self.predicates.predicate(noun, scene) or {"place": None}
        if depth:
            roles["circumstance"] = self.circumstance(scene.tense, drawn, self.to_be, depth - 1)
        return Clause(drawn.nominal, scene.tense.chain(self.to_be.verb), **roles)

    def _as_object(
        self, noun: Noun, pronoun: RelativePronoun, tense: Tense, depth: int
    ) -> Complement | None:
        """None where German could be read the other way round ("die Frau, die das Kind sieht")."""
        frame = self.dice.pick(self.by_direct[noun])
        scene = Scene(tense, AFFIRMED, 1)
        drawn = self.subject(frame, scene, None)
        if not self.told_apart(frame, noun, pronoun.noun_column, drawn):
            return None
        clause = self.embed(frame, drawn, scene, {"direct": pronoun}, depth)
        return Fronted("relative", clause, pronoun)

    def told_apart(self, frame: Frame, noun: Noun, column: int, subject: Subject) -> bool:
        """Whether case, or sense, shows which of the two nouns is the object."""
        if column == MASCULINE or noun not in frame.subject_set:
            return True
        nominal = subject.nominal
        if isinstance(nominal, Simple):
            return nominal.forms[0] not in ("sie", nominal.forms[1])
        return isinstance(nominal, NounPhrase) and nominal.column == MASCULINE

    def _after_preposition(
        self, noun: Noun, pronoun: RelativePronoun, tense: Tense, depth: int
    ) -> Complement:
        frame = self.dice.pick(self.by_oblique[noun])
        assert frame.preposition is not None
        scene = Scene(tense, AFFIRMED, 1)
        phrase = Prepositional(frame.preposition, pronoun)
        drawn = self.subject(frame, scene, None)
        clause = self.embed(frame, drawn, scene, {"complement": phrase}, depth)
        return Fronted("relative", clause, phrase)

    def _as_owner(self, column: int, tense: Tense, depth: int) -> Complement:
        noun = self.dice.pick(self.nominals.belongings)
        plural = self.nominals.number(noun)
        phrase = NounPhrase(noun, plural, whose(column))
        frame = self.dice.pick(self.by_subject[noun])
        scene = Scene(tense, AFFIRMED, 1)
        clause = self.embed(frame, Subject(phrase, noun, None), scene, {}, depth)
        return Fronted("relative", clause, phrase)
