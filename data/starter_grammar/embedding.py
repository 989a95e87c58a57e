"""Draws clauses that hold a wanted depth of clauses within: relative, content and adverbial."""

from __future__ import annotations

from functools import partial

from data.starter_grammar import conjunctions as c
from data.starter_grammar.clauses import Clause
from data.starter_grammar.complements import Adverb
from data.starter_grammar.determiners import HER
from data.starter_grammar.lexicon import Frame
from data.starter_grammar.nominals import Subject
from data.starter_grammar.phrases import IHR, SIE, WIR, Complement
from data.starter_grammar.predicates import AFFIRMED, KEIN, KINDS, NEEDS, NICHT, Roles, Scene
from data.starter_grammar.relatives import PASSIVE, Relatives
from data.starter_grammar.subordinates import Fronted, Infinitive, Subordinate
from data.starter_grammar.tenses import PRESENT, Tense
from data.starter_grammar.urns import DEFINITE, NOBODY, SUBJECT

WEATHER, PURPOSE, COPULA, PROFESSION, NOBODIES = 0.1, 0.14, 0.12, 0.15, 0.03
# The rank of adjectives for what one can become or remain.
CHANGING = 3
CONTENT, ON_SUBJECT, ON_OBJECT = 0.28, 0.22, 0.36


class Embedding(Relatives):
    """Clauses of every kind; `depth` is how deep clauses nest within, exactly."""

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
        if not depth and adjuncts and frame.objects and dice.chance(NOBODIES):
            drawn = self.nominals.described(dice.pick(frame.subjects), NOBODY, None)
            return self.embed(frame, drawn, Scene(tense, AFFIRMED, 0), {}, 0)
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
            self.predicates.adjoin(roles, frame, scene, drawn)
        return Clause(drawn.nominal, scene.tense.chain(frame.verb), **roles)

    def copula(self, tense: Tense) -> Clause:
        """Being something: an adjective, a comparison, a profession."""
        scene, dice = self.scene(tense, 0), self.dice
        if dice.chance(PROFESSION):
            drawn = self.nominals.pronoun() if dice.chance(0.4) else self.nominals.person()
            plural = int(drawn.nominal.agreement in (WIR, IHR, SIE))
            roles = self.predicates.profession(int(drawn.own is HER), plural, scene)
            return Clause(drawn.nominal, tense.chain(self.to_be.verb), **roles)
        noun = dice.pick(self.nominals.people if dice.chance(0.4) else self.lexicon.nouns)
        found = self.predicates.predicate(noun, scene)
        while found is None:
            noun = dice.pick(self.lexicon.nouns)
            found = self.predicates.predicate(noun, scene)
        drawn = self.nominals.described(noun, DEFINITE if scene.negation else SUBJECT, None)
        frame = self.to_be
        if noun in self.nominals.humans and found["complement"].adjective.rank == CHANGING:
            frame = dice.pick(self.predicates.frames["copula"])
        return Clause(drawn.nominal, tense.chain(frame.verb), **found)

    def passive(self, tense: Tense, adjuncts: int) -> Clause:
        """The object made subject, sometimes with `von`."""
        frame = self.dice.pick(self.predicates.passives)
        scene = self.scene(tense, adjuncts)
        urns = DEFINITE if scene.negation else SUBJECT
        drawn = self.nominals.described(self.dice.pick(frame.objects), urns, None)
        return self.passive_of(frame, drawn, scene)

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
            if "negated" in roles:
                scene = Scene(tense, NICHT, 1)
            self.predicates.adjoin(roles, frame, scene, drawn)
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
