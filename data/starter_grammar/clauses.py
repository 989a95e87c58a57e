"""The clause, and the orders of its parts in German and English."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar.german import ACCUSATIVE, DATIVE, NOMINATIVE
from data.starter_grammar.phrases import DETERMINER, Complement, Nominal
from data.starter_grammar.tokens import Token
from data.starter_grammar.verbs import Chain

# Slots of the words that belong to the clause itself.
NOT, REFLEXIVE, LINK = range(3)
MYSELF = ("mich", "dich", "sich", "uns", "euch", "sich")
Part = Nominal | Complement


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """The parts of a clause, without their order, which depends on the kind of sentence.

    `link` is the English preposition of the indirect object ("to"). `negated` is 1 if German
    has `nicht`; `negated_object` is the object with `kein`. `content` is the clause that completes
    the verb, `circumstance` an adverbial clause.
    """

    subject: Nominal
    chain: Chain
    direct: Nominal | None = None
    indirect: Nominal | None = None
    complement: Complement | None = None
    time: Complement | None = None
    frequency: Complement | None = None
    manner: Complement | None = None
    place: Complement | None = None
    content: Complement | None = None
    circumstance: Complement | None = None
    link: str = ""
    negated: int = 0
    negated_object: Nominal | None = None

    def german_second(self, out: list[Token], front: Part) -> None:
        """Append a statement: one part, the finite verb, the other parts, the rest of the verb."""
        self._german_part(out, front)
        out.append(self.chain.german_finite(self.subject.agreement))
        self._german_middle(out, front)
        self.chain.german_bracket(out)
        self._german_clauses(out, front)

    def german_first(self, out: list[Token]) -> None:
        """Append a yes-no question: the finite verb comes first."""
        out.append(self.chain.german_finite(self.subject.agreement))
        self._german_middle(out, None)
        self.chain.german_bracket(out)
        self._german_clauses(out, None)

    def german_last(self, out: list[Token], front: Part) -> None:
        """Append a subordinate clause: `front`, the other parts, and all verbs at the end."""
        self._german_part(out, front)
        self._german_middle(out, front)
        self.chain.german_final(out, self.subject.agreement)
        self._german_clauses(out, front)

    def german_infinitive(self, out: list[Token]) -> None:
        """Append an infinitive clause with zu, whose subject is that of the clause around it."""
        self._german_middle(out, self.subject)
        self.chain.german_zu(out)
        self._german_clauses(out, None)

    def _german_part(self, out: list[Token], part: Part) -> None:
        for nominal, case in (
            (self.subject, NOMINATIVE),
            (self.direct, ACCUSATIVE),
            (self.indirect, DATIVE),
        ):
            if nominal is not None and nominal is part:
                nominal.german(out, case)
                return
        for other in self._others():
            if other is part:
                other.german(out)

    def _others(self) -> list[Complement]:
        parts = (
            self.complement,
            self.time,
            self.frequency,
            self.manner,
            self.place,
            self.circumstance,
        )
        return [part for part in parts if part is not None]

    def _german_middle(self, out: list[Token], front: Part | None) -> None:
        """Append subject, pronouns, time, objects, `nicht`, manner, place, predicate."""
        if self.subject is not front:
            self.subject.german(out, NOMINATIVE)
        if self.chain.main.reflexive:
            out.append((MYSELF[self.subject.agreement], self, REFLEXIVE))
        indirect = None if self.indirect is front else self.indirect
        direct = None if self.direct is front else self.direct
        for light, case in ((direct, ACCUSATIVE), (indirect, DATIVE)):
            if light is not None and light.light:
                light.german(out, case)
        self._german_others(out, front, (self.time,))
        if indirect is not None and not indirect.light:
            indirect.german(out, DATIVE)
        self._german_object(out, direct, front)
        if self.negated:
            out.append(("nicht", self, NOT))
        self._german_others(out, front, (self.manner, self.place, self.complement))

    @staticmethod
    def _german_others(
        out: list[Token], front: Part | None, parts: tuple[Complement | None, ...]
    ) -> None:
        for part in parts:
            if part is not None and part is not front:
                part.german(out)

    def _german_object(self, out: list[Token], direct: Nominal | None, front: Part | None) -> None:
        """Append the object: before an adverb of frequency if it is definite, else after it."""
        known = direct is not None and direct.definite
        if direct is not None and known and not direct.light:
            direct.german(out, ACCUSATIVE)
        if self.frequency is not None and self.frequency is not front:
            self.frequency.german(out)
        if direct is not None and not known:
            direct.german(out, ACCUSATIVE)

    def _german_clauses(self, out: list[Token], front: Part | None) -> None:
        if self.content is not None:
            self.content.german(out)
        if self.circumstance is not None and self.circumstance is not front:
            self.circumstance.german(out)

    def english_statement(self, out: list[Token], fronted: Part | None) -> None:
        """Append subject, finite verb and rest, without the part `fronted`, which precedes them."""
        self.subject.english_subject(out)
        agreement, chain, negation = self.subject.agreement, self.chain, self._negation()
        if negation is not None:
            self._english_negated(out, chain.english_auxiliary(agreement), negation)
            self._english_frequency(out, fronted)
            chain.english_bare(out)
        elif chain.verbs[0].auxiliary:
            out.append(chain.english_finite(agreement))
            self._english_frequency(out, fronted)
        else:
            self._english_frequency(out, fronted)
            out.append(chain.english_finite(agreement))
        chain.english_rest(out)
        self.english_objects(out, fronted)

    def english_question(self, out: list[Token], fronted: Part | None) -> None:
        """Append a question: the finite verb, or `do`, before the subject."""
        out.append(self.chain.english_auxiliary(self.subject.agreement))
        self.subject.english_subject(out)
        negation = self._negation()
        if negation is not None:
            out.append(negation)
        self._english_frequency(out, fronted)
        self.chain.english_bare(out)
        self.chain.english_rest(out)
        self.english_objects(out, fronted)

    def english_infinitive(self, out: list[Token]) -> None:
        """Append an infinitive clause with `to`."""
        self.chain.english_to(out)
        self.english_objects(out, None)

    def english_part(self, out: list[Token], part: Part) -> None:
        """Append a part that comes first in a question or a relative clause."""
        if part is self.subject:
            self.subject.english_subject(out)
            return
        if part is self.indirect and self.link:
            out.append((self.link, self, LINK))
        part.english(out)

    def english_objects(self, out: list[Token], fronted: Part | None) -> None:
        """Append objects, then manner, prepositional object, place and time, then clauses.

        A pronoun precedes the particle of the verb: "picks us up", but "picks up the guest".
        """
        direct = None if self.direct is fronted else self.direct
        if direct is not None and direct.light:
            direct.english(out)
        self.chain.english_particle(out)
        if direct is not None and not direct.light:
            direct.english(out)
        if self.indirect is not None and self.indirect is not fronted:
            if self.link:
                out.append((self.link, self, LINK))
            self.indirect.english(out)
        for part in (
            self.manner,
            self.complement,
            self.place,
            self.time,
            self.content,
            self.circumstance,
        ):
            if part is not None and part is not fronted:
                part.english(out)

    def _negation(self) -> Token | None:
        """Return whether English has `not`, for `nicht` or for the `kein` of an object."""
        if self.negated:
            return ("not", self, NOT)
        return ("not", self.negated_object, DETERMINER) if self.negated_object is not None else None

    def _english_negated(self, out: list[Token], finite: Token, negation: Token) -> None:
        """Append `not`; `cannot` is one word."""
        if finite[0] == "can":
            out.extend((("cannot", *finite[1:]), ("", *negation[1:])))
        else:
            out.extend((finite, negation))

    def _english_frequency(self, out: list[Token], fronted: Part | None) -> None:
        if self.frequency is not None and self.frequency is not fronted:
            self.frequency.english(out)

    def skeleton(self) -> str:
        """Return the skeletons of the clauses within, in the order of the fields."""
        parts = (
            self.subject,
            self.direct,
            self.indirect,
            self.complement,
            self.time,
            self.manner,
            self.place,
            self.content,
            self.circumstance,
        )
        return "".join(part.skeleton() for part in parts if part is not None)
