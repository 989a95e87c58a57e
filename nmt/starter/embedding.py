"""Draws clauses that hold a wanted depth of clauses within: relative, content and adverbial."""

from __future__ import annotations

from functools import partial

from nmt.starter import conjunctions as c
from nmt.starter.clauses import Clause
from nmt.starter.complements import Adverb, Prepositional
from nmt.starter.determiners import HER, whose
from nmt.starter.dice import Dice
from nmt.starter.german import MASCULINE
from nmt.starter.german import PLURAL as MANY
from nmt.starter.lexemes import Noun
from nmt.starter.lexicon import Frame, Lexicon
from nmt.starter.nominals import DEFINITE, SUBJECT, Nominals, Relate, Subject
from nmt.starter.noun_phrases import NounPhrase
from nmt.starter.phrases import DU, ER, IHR, SIE, Complement, RelativePronoun, Simple
from nmt.starter.predicates import (
    AFFIRMED,
    KEIN,
    KINDS,
    NEEDS,
    NICHT,
    Predicates,
    Roles,
    Scene,
)
from nmt.starter.sentences import Fronted, Infinitive, Subordinate
from nmt.starter.tenses import PRESENT, PRETERITE, Tense

NEGATED, WEATHER, PURPOSE, COPULA, PASSIVE, OF_OBJECT = 0.13, 0.1, 0.14, 0.12, 0.12, 0.35
CONTENT, ON_SUBJECT, ON_OBJECT = 0.28, 0.22, 0.36


class Embedding:
    """Draws clauses of every kind; `depth` is how deep clauses nest within, exactly."""

    def __init__(self, lexicon: Lexicon, dice: Dice) -> None:
        """Sorts frames by the nouns that fit them."""
        self.dice, self.lexicon = dice, lexicon
        self.nominals = Nominals(lexicon, dice)
        self.predicates = Predicates(lexicon, dice, self.nominals)
        frames, nouns = self.predicates.frames, lexicon.nouns
        plain = [frame for kind in NEEDS for frame in frames[kind]]
        self.by_subject = {n: [f for f in plain if n in f.subject_set] for n in nouns}
        self.by_direct = {n: [f for f in frames["direct"] if n in f.objects] for n in nouns}
        self.by_oblique = {n: [f for f in frames["oblique"] if n in f.objects] for n in nouns}
        self.by_passive = {n: [f for f in frames["direct"] if f.passive and n in f.objects]
                           for n in nouns}
        self.to_be = frames["copula"][0]

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

    def clause(self, tense: Tense, adjuncts: int, depth: int) -> Clause:
        """A clause with its own subject."""
        dice = self.dice
        if depth and dice.chance(CONTENT):
            return self.content(tense, depth)
        if not depth:
            throw = dice.throw()
            if throw < COPULA and not tense.modal:
                return self.copula(tense)
            if throw < COPULA + PASSIVE and not tense.willed:
                return self.passive(tense, adjuncts)
        frame = dice.pick(self.predicates.frames[dice.pick(KINDS)])
        while tense.willed and (frame.stative or not frame.subject_set & self.nominals.humans):
            frame = dice.pick(self.predicates.frames[dice.pick(KINDS)])
        return self.embed(frame, None, self.scene(tense, adjuncts), {}, depth)

    def embed(
        self, frame: Frame, subject: Subject | None, scene: Scene, given: Roles, depth: int
    ) -> Clause:
        """A clause of this frame; what it embeds hangs on subject, on object, or on itself."""
        dice, relate = self.dice, partial(self.relative, scene.tense, depth - 1)
        on_subject = on_object = None
        if depth:
            throw = dice.throw()
            free = [role for role in NEEDS[frame.kind] if role not in given]
            if subject is None and throw < ON_SUBJECT:
                on_subject = relate
            elif free and frame.objects and frame.kind != "move" and throw < ON_OBJECT + ON_SUBJECT:
                on_object = relate
        if scene.negation == KEIN and (frame.kind != "direct" or "direct" in given):
            scene = Scene(scene.tense, NICHT, scene.adjuncts)
        drawn = subject or self.subject(frame, scene, on_subject)
        roles = self.predicates.roles(frame, drawn, scene, given, on_object)
        if depth and on_subject is None and on_object is None:
            roles["circumstance"] = self.circumstance(scene.tense, drawn, frame, depth - 1)
        if on_object is None:
            animal = drawn.noun is not None and drawn.noun not in self.nominals.humans
            self.predicates.adjoin(roles, frame, scene, animal)
        return Clause(drawn.nominal, scene.tense.chain(frame.verb), **roles)

    def copula(self, tense: Tense) -> Clause:
        """Being something: an adjective, a comparison, a profession."""
        scene, dice = self.scene(tense, 0), self.dice
        if dice.chance(0.15):
            drawn = self.nominals.person()
            woman = int(drawn.own is HER)
            roles = self.predicates.profession(woman, 0, scene)
            return Clause(drawn.nominal, tense.chain(self.to_be.verb), **roles)
        noun = dice.pick(self.nominals.people if dice.chance(0.4) else self.lexicon.nouns)
        found = self.predicates.predicate(noun, scene)
        while found is None:
            noun = dice.pick(self.lexicon.nouns)
            found = self.predicates.predicate(noun, scene)
        drawn = self.nominals.described(noun, DEFINITE if scene.negation else SUBJECT, None)
        frames = self.predicates.frames["copula"]
        frame = dice.pick(frames) if noun in self.nominals.humans else self.to_be
        return Clause(drawn.nominal, tense.chain(frame.verb), **found)

    def passive(self, tense: Tense, adjuncts: int) -> Clause:
        """The object made subject, sometimes with `von`."""
        frame = self.dice.pick(self.predicates.passives)
        scene = self.scene(tense, adjuncts)
        urns = DEFINITE if scene.negation else SUBJECT
        drawn = self.nominals.described(self.dice.pick(frame.objects), urns, None)
        return self.passive_of(frame, drawn, scene)

    def passive_of(self, frame: Frame, drawn: Subject, scene: Scene) -> Clause:
        """The passive of a frame with the subject given."""
        roles: Roles = {"negated": 1} if scene.negation else {}
        if self.dice.chance(0.45):
            roles["complement"] = self.predicates.agent(frame, drawn)
            scene = Scene(scene.tense, scene.negation, 0)
        self.predicates.adjoin(roles, frame, scene, 0)
        return Clause(drawn.nominal, scene.tense.passive(frame.verb), **roles)

    # What is embedded

    def relative(self, around: Tense, depth: int, noun: Noun, plural: int) -> Complement:
        """A relative clause about the noun: as subject, object, owner or after a preposition."""
        dice = self.dice
        tense = dice.pick(c.within(around))
        person = int(noun in self.nominals.humans)
        column = MANY if plural else noun.gender
        pronoun = RelativePronoun(column, SIE if plural else ER, person)
        throw = dice.throw()
        if throw < OF_OBJECT and self.by_direct[noun]:
            found = self._as_object(noun, pronoun, tense, depth)
        elif throw < OF_OBJECT + 0.1 and self.by_oblique[noun]:
            found = self._after_preposition(noun, pronoun, tense, depth)
        elif throw < OF_OBJECT + 0.18 and person:
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
        elif frames and (depth or dice.chance(0.85)):
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

    def circumstance(self, around: Tense, main: Subject, frame: Frame, depth: int) -> Complement:
        """An adverbial clause: weil, als, bevor …, or um … zu where the subject can intend."""
        dice = self.dice
        intends = main.noun is None or main.noun in self.nominals.humans
        if intends and not around.outer and frame.kind != "copula" and dice.chance(PURPOSE):
            return Infinitive(self.infinitive(main, depth), c.IN_ORDER)
        words, tense = dice.pick(c.circumstances(around))
        if not depth and words in (c.BECAUSE, c.IF, c.ALTHOUGH) and dice.chance(WEATHER):
            return Subordinate(words, self.weather(tense))
        room = int(words in (c.BECAUSE, c.IF, c.ALTHOUGH))
        return Subordinate(words, self.clause(tense, room, depth))

    def weather(self, tense: Tense) -> Clause:
        """`es`, which is nobody."""
        frame = self.dice.pick(self.predicates.frames["weather"])
        return Clause(self.nominals.nobody(), tense.chain(frame.verb))

    def infinitive(self, subject: Subject, depth: int) -> Clause:
        """A clause whose subject is understood; it is needed for `sich` and `sein`."""
        frames = self.predicates.frames
        frame = self.dice.pick(frames[self.dice.pick(("direct", "direct", "oblique", "none"))])
        while frame.stative or not frame.subject_set & self.nominals.humans:
            frame = self.dice.pick(frames["direct"])
        return self.embed(frame, subject, Scene(PRESENT, AFFIRMED, 0), {}, depth)

    def content(self, tense: Tense, depth: int) -> Clause:
        """Saying, asking, trying: a clause that completes the verb."""
        frames, dice = self.predicates.frames, self.dice
        kind = dice.pick(("that", "that", "that", "infinitive", "infinitive", "whether", "how"))
        frame = dice.pick(frames[kind])
        scene = Scene(tense, AFFIRMED, 1)
        drawn = self.subject(frame, scene, None)
        roles: Roles = {}
        if kind == "infinitive":
            roles["content"] = Infinitive(self.infinitive(drawn, depth - 1), c.TO)
        elif kind == "that":
            inner = self.clause(dice.pick(c.reported(tense)), 1, depth - 1)
            roles["content"] = Subordinate(c.THAT, inner)
        else:
            inner_tense = dice.pick(c.within(tense))
            roles["content"] = self.asked(kind, inner_tense, depth - 1)
            if frame.verb.german_fixed[0] == "wissen" and kind == "whether":
                roles["negated"] = 1
        if kind != "infinitive":
            self.predicates.adjoin(roles, frame, scene, 0)
        return Clause(drawn.nominal, tense.chain(frame.verb), **roles)

    def asked(self, kind: str, tense: Tense, depth: int) -> Complement:
        """`ob`, or a question word behind which German puts the verb last."""
        if kind == "whether" and (depth or self.dice.chance(0.6)):
            return Subordinate(c.WHETHER, self.clause(tense, 1, depth))
        frame = self.dice.pick(self.predicates.frames["direct"])
        word = Adverb(self.dice.pick((c.WHERE, c.WHY, c.WHEN_ASKED)))
        role = "place" if word.phrase is c.WHERE else "time"
        if word.phrase is c.WHERE:
            frame = self.dice.pick(self.predicates.placed)
        scene = Scene(tense, AFFIRMED, 0)
        clause = self.embed(frame, None, scene, {role: word}, depth)
        return Fronted("asked", clause, word)
