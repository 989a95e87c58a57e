"""Random clauses with relative, content and adverbial clauses nested to a given depth."""

from __future__ import annotations

from functools import partial

from data.starter_grammar import conjunctions as c
from data.starter_grammar.clauses import Clause
from data.starter_grammar.complements import Adverb
from data.starter_grammar.determiners import HER
from data.starter_grammar.frequencies import DEFINITE, NEGATIVE, SUBJECT
from data.starter_grammar.lexicon import Frame
from data.starter_grammar.nominals import Subject
from data.starter_grammar.phrases import IHR, SIE, WIR, Complement
from data.starter_grammar.predicates import AFFIRMED, KEIN, KINDS, NEEDS, NICHT, Roles, Scene
from data.starter_grammar.relatives import PASSIVE, Relatives
from data.starter_grammar.subordinates import Fronted, Infinitive, Subordinate
from data.starter_grammar.tenses import PRESENT, Tense

WEATHER, PURPOSE, COPULA, PROFESSION, NEGATIVE_SUBJECT = 0.1, 0.14, 0.12, 0.15, 0.03
# The rank of adjectives for what one can become or remain.
CHANGING = 3
CONTENT, ON_SUBJECT, ON_OBJECT = 0.28, 0.22, 0.36


class Embedding(Relatives):
    """Clauses of every kind; `depth` is how deep clauses nest within, exactly."""

    def clause(self, tense: Tense, adjuncts: int, depth: int) -> Clause:
        """Return a clause with its own subject."""
        random = self.random
        if depth and random.chance(CONTENT):
            return self.content(tense, depth)
        if not depth:
            sample = random.uniform()
            if sample < COPULA and not tense.modal:
                return self.copula(tense)
            if sample < COPULA + PASSIVE and not tense.willed:
                return self.passive(tense, adjuncts)
        frame = random.pick(self.predicates.frames[random.pick(KINDS)])
        while tense.willed and (frame.stative or not frame.subject_set & self.nominals.humans):
            frame = random.pick(self.predicates.frames[random.pick(KINDS)])
        if not depth and adjuncts and frame.objects and random.chance(NEGATIVE_SUBJECT):
            chosen = self.nominals.described(random.pick(frame.subjects), NEGATIVE, None)
            return self.embed(frame, chosen, Scene(tense, AFFIRMED, 0), {}, 0)
        return self.embed(frame, None, self.scene(tense, adjuncts), {}, depth)

    def embed(
        self, frame: Frame, subject: Subject | None, scene: Scene, given: Roles, depth: int
    ) -> Clause:
        """Return a clause of this frame; what it embeds depends on subject, object or verb."""
        random, relate = self.random, partial(self.relative, scene.tense, depth - 1)
        on_subject = on_object = None
        if depth:
            sample = random.uniform()
            free = [role for role in NEEDS[frame.kind] if role not in given]
            if subject is None and sample < ON_SUBJECT:
                on_subject = relate
            elif (
                free and frame.objects and frame.kind != "move" and sample < ON_OBJECT + ON_SUBJECT
            ):
                on_object = relate
        if scene.negation == KEIN and (frame.kind != "direct" or "direct" in given):
            scene = Scene(scene.tense, NICHT, scene.adjuncts)
        chosen = subject or self.subject(frame, scene, on_subject)
        roles = self.predicates.roles(frame, chosen, scene, given, on_object)
        if depth and on_subject is None and on_object is None:
            roles["circumstance"] = self.circumstance(scene.tense, chosen, frame, depth - 1)
        if on_object is None:
            self.predicates.adjoin(roles, frame, scene, chosen)
        return Clause(chosen.nominal, scene.tense.chain(frame.verb), **roles)

    def copula(self, tense: Tense) -> Clause:
        """Return a copular clause: with an adjective, a comparison or a profession."""
        scene, random = self.scene(tense, 0), self.random
        if random.chance(PROFESSION):
            chosen = self.nominals.pronoun() if random.chance(0.4) else self.nominals.person()
            plural = int(chosen.nominal.agreement in (WIR, IHR, SIE))
            roles = self.predicates.profession(int(chosen.own is HER), plural, scene)
            return Clause(chosen.nominal, tense.chain(self.to_be.verb), **roles)
        noun = random.pick(self.nominals.people if random.chance(0.4) else self.lexicon.nouns)
        predicate = self.predicates.predicate(noun, scene)
        while predicate is None:
            noun = random.pick(self.lexicon.nouns)
            predicate = self.predicates.predicate(noun, scene)
        chosen = self.nominals.described(noun, DEFINITE if scene.negation else SUBJECT, None)
        frame = self.to_be
        if noun in self.nominals.humans and predicate["complement"].adjective.rank == CHANGING:
            frame = random.pick(self.predicates.frames["copula"])
        return Clause(chosen.nominal, tense.chain(frame.verb), **predicate)

    def passive(self, tense: Tense, adjuncts: int) -> Clause:
        """Return a passive clause, sometimes with an agent (`von`)."""
        frame = self.random.pick(self.predicates.passives)
        scene = self.scene(tense, adjuncts)
        determiners = DEFINITE if scene.negation else SUBJECT
        chosen = self.nominals.described(self.random.pick(frame.objects), determiners, None)
        return self.passive_of(frame, chosen, scene)

    def circumstance(self, around: Tense, main: Subject, frame: Frame, depth: int) -> Complement:
        """Return an adverbial clause: weil, als, bevor …, or um … zu after a volitional subject."""
        random = self.random
        intends = main.noun is None or main.noun in self.nominals.humans
        if intends and not around.outer and frame.kind != "copula" and random.chance(PURPOSE):
            return Infinitive(self.infinitive(main, depth), c.IN_ORDER)
        words, tense = random.pick(c.circumstances(around))
        if not depth and words in (c.BECAUSE, c.IF, c.ALTHOUGH) and random.chance(WEATHER):
            return Subordinate(words, self.weather(tense))
        room = int(words in (c.BECAUSE, c.IF, c.ALTHOUGH))
        return Subordinate(words, self.clause(tense, room, depth))

    def weather(self, tense: Tense) -> Clause:
        """Return a clause with the expletive subject `es`."""
        frame = self.random.pick(self.predicates.frames["weather"])
        return Clause(self.nominals.expletive(), tense.chain(frame.verb))

    def infinitive(self, subject: Subject, depth: int) -> Clause:
        """Return an infinitive clause; its understood `subject` determines `sich` and `sein`."""
        frames = self.predicates.frames
        frame = self.random.pick(frames[self.random.pick(("direct", "direct", "oblique", "none"))])
        while frame.stative or not frame.subject_set & self.nominals.humans:
            frame = self.random.pick(frames["direct"])
        return self.embed(frame, subject, Scene(PRESENT, AFFIRMED, 0), {}, depth)

    def content(self, tense: Tense, depth: int) -> Clause:
        """Return a clause whose verb takes a clause: saying, asking, trying."""
        frames, random = self.predicates.frames, self.random
        kind = random.pick(("that", "that", "that", "infinitive", "infinitive", "whether", "how"))
        frame = random.pick(frames[kind])
        scene = Scene(tense, AFFIRMED, 1)
        chosen = self.subject(frame, scene, None)
        roles: Roles = {}
        if kind == "infinitive":
            roles["content"] = Infinitive(self.infinitive(chosen, depth - 1), c.TO)
        elif kind == "that":
            inner = self.clause(random.pick(c.reported(tense)), 1, depth - 1)
            roles["content"] = Subordinate(c.THAT, inner)
        else:
            inner_tense = random.pick(c.within(tense))
            roles["content"] = self.asked(kind, inner_tense, depth - 1)
            if frame.verb.german_fixed[0] == "wissen" and kind == "whether":
                roles["negated"] = 1
        if kind != "infinitive":
            if "negated" in roles:
                scene = Scene(tense, NICHT, 1)
            self.predicates.adjoin(roles, frame, scene, chosen)
        return Clause(chosen.nominal, tense.chain(frame.verb), **roles)

    def asked(self, kind: str, tense: Tense, depth: int) -> Complement:
        """Return an indirect question: with `ob`, or with a question word."""
        if kind == "whether" and (depth or self.random.chance(0.6)):
            return Subordinate(c.WHETHER, self.clause(tense, 1, depth))
        frame = self.random.pick(self.predicates.frames["direct"])
        word = Adverb(self.random.pick((c.WHERE, c.WHY, c.WHEN_ASKED)))
        role = "place" if word.phrase is c.WHERE else "time"
        if word.phrase is c.WHERE:
            frame = self.random.pick(self.predicates.placed)
        scene = Scene(tense, AFFIRMED, 0)
        clause = self.embed(frame, None, scene, {role: word}, depth)
        return Fronted("asked", clause, word)
