"""Random sentences: statements, questions, and two statements joined."""

from __future__ import annotations

from data.starter_grammar import conjunctions as c
from data.starter_grammar.clauses import Clause, Part
from data.starter_grammar.complements import Adverb
from data.starter_grammar.determiners import WHICH
from data.starter_grammar.embedding import Embedding
from data.starter_grammar.german import MASCULINE
from data.starter_grammar.lexicon import Frame, Lexicon
from data.starter_grammar.nominals import Subject
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import ER, Simple
from data.starter_grammar.predicates import AFFIRMED, Roles, Scene
from data.starter_grammar.random_choices import RandomChoices
from data.starter_grammar.sentences import Joined, OpenQuestion, PolarQuestion, Sentence, Statement
from data.starter_grammar.tenses import (
    FUTURE,
    PERFECT,
    PLUPERFECT,
    PRESENT,
    PRETERITE,
    Tense,
    modal,
)

DEPTHS = (0,) * 12 + (1,) * 7 + (2,)
POLAR, OPEN, JOINED, WEATHER = 0.09, 0.1, 0.05, 0.01
TIME_FIRST, PLACE_FIRST, CLAUSE_FIRST, OBJECT_FIRST = 0.45, 0.15, 0.45, 0.25
WHICH_ONLY = ((WHICH,), (WHICH,), (WHICH,))


class Grammar:
    """Generates sentences; the same lexicon and seed give the same sentences."""

    def __init__(self, lexicon: Lexicon, seed: int) -> None:
        """Seed all random choices."""
        self.random = RandomChoices(seed)
        self.embedding = Embedding(lexicon, self.random)
        self.nominals = self.embedding.nominals
        now = tuple(modal(verb, 0) for verb in lexicon.modals)
        # Verbs without a past of their own are skipped: sollte, möchte.
        then = tuple(modal(v, 1) for v in lexicon.modals if v.german[0] != v.german[1])
        self.modals = now + now + then
        self.tenses = (
            (PRESENT,) * 8 + (PRETERITE,) * 7 + (PERFECT,) * 6 + (FUTURE,) * 3 + (PLUPERFECT,)
        )

    def sentence(self) -> Sentence:
        """Return any sentence; half of them have no subordinate clause."""
        sample, depth = self.random.uniform(), self.random.pick(DEPTHS)
        if depth:
            return self.statement(depth)
        if sample < POLAR:
            return self.polar()
        if sample < POLAR + OPEN:
            return self.open()
        if sample < POLAR + OPEN + JOINED:
            return self.joined()
        if sample < POLAR + OPEN + JOINED + WEATHER:
            return self.plain(self.embedding.weather(self.random.pick(self.tenses)))
        return self.statement(0)

    def tense(self) -> Tense:
        """Return a tense or a modal verb."""
        return self.random.pick(self.modals if self.random.chance(0.17) else self.tenses)

    def statement(self, depth: int) -> Statement:
        """Return a statement with clauses nested exactly `depth` deep."""
        clause = self.embedding.clause(self.tense(), 1 if depth else 2, depth)
        return Statement(clause, self.front(clause))

    def plain(self, clause: Clause) -> Statement:
        """Return a statement with the subject first."""
        return Statement(clause, clause.subject)

    def front(self, clause: Clause) -> Part:
        """Return the part that German puts first."""
        random = self.random
        if clause.circumstance is not None and random.chance(CLAUSE_FIRST):
            return clause.circumstance
        if clause.time is not None and random.chance(TIME_FIRST):
            return clause.time
        if clause.place is not None and clause.content is None and random.chance(PLACE_FIRST):
            return clause.place
        direct = clause.direct
        if isinstance(direct, NounPhrase) and self._marked(direct) and random.chance(OBJECT_FIRST):
            return direct
        return clause.subject

    @staticmethod
    def _marked(phrase: NounPhrase) -> bool:
        """Return whether the article shows that it is not the subject: den Hund."""
        accusative = phrase.column == MASCULINE and phrase.determiner.german[1][MASCULINE] != ""
        return accusative and phrase.definite and phrase.relative is None

    def joined(self) -> Joined:
        """Return two short statements of one tense, joined."""
        tense, words = self.random.pick(self.tenses), self.random.pick((c.AND, c.BUT))
        first, second = (self.embedding.clause(tense, 0, 0) for _ in range(2))
        return Joined(self.plain(first), words, self.plain(second))

    def polar(self) -> PolarQuestion:
        """Return a yes-no question."""
        return PolarQuestion(self.embedding.clause(self.tense(), 1, 0))

    def open(self) -> OpenQuestion:
        """Return a question for subject, object, recipient, time, place or reason."""
        asks = (self._who, self._what, self._what, self._which, *(self._adverb,) * 3)
        return self.random.pick(asks)(self.tense())

    def _who(self, tense: Tense) -> OpenQuestion:
        frames = self.embedding.predicates.frames
        frame = self.random.pick(
            frames[self.random.pick(("direct", "indirect", "oblique", "none"))]
        )
        while not frame.subject_set & self.nominals.humans:
            frame = self.random.pick(frames["direct"])
        who = Simple(("wer", "wen", "wem", ""), "whom", "who", ER)
        clause = self.embedding.embed(
            frame, Subject(who, None, None), Scene(tense, AFFIRMED, 1), {}, 0
        )
        return OpenQuestion(clause, who)

    def _object_frame(self) -> Frame:
        return self.random.pick(self.embedding.predicates.frames["direct"])

    def _what(self, tense: Tense) -> OpenQuestion:
        frame = self._object_frame()
        if frame.objects[0] in self.nominals.humans:
            asked = Simple(("wer", "wen", "wem", ""), "whom", "who", ER)
        else:
            asked = Simple(("was", "was", "", ""), "what", "what", ER)
        scene = Scene(tense, AFFIRMED, 1)
        subject = self.embedding.subject(frame, scene, None)
        clause = self.embedding.embed(frame, subject, scene, {"direct": asked}, 0)
        return OpenQuestion(clause, asked)

    def _which(self, tense: Tense) -> OpenQuestion:
        frame, scene = self._object_frame(), Scene(tense, AFFIRMED, 1)
        subject = self.embedding.subject(frame, scene, None)
        asked = self.nominals.object(frame.objects, WHICH_ONLY, subject)
        if not self.embedding.is_unambiguous(frame, asked.noun, asked.column, subject):
            return self._what(tense)
        clause = self.embedding.embed(frame, subject, scene, {"direct": asked}, 0)
        return OpenQuestion(clause, asked)

    def _adverb(self, tense: Tense) -> OpenQuestion:
        predicates = self.embedding.predicates
        word = Adverb(self.random.pick((c.WHERE, c.WHY, c.WHEN_ASKED)))
        role = "place" if word.phrase is c.WHERE else "time"
        frame = self._object_frame()
        if role == "place":
            frame = self.random.pick(predicates.placed)
        given: Roles = {role: word}
        clause = self.embedding.embed(frame, None, Scene(tense, AFFIRMED, 0), given, 0)
        return OpenQuestion(clause, word)
