"""The verbs of a clause as a chain: tense, modal, passive, and the verb itself, outermost first."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import english
from data.starter_grammar.lexemes import PARTICIPLE, ZU_INFINITIVE, Verb
from data.starter_grammar.tokens import Token


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Each verb but the last governs the form of the next; the slot of a word is its verb's place.

    `past` is 1 where the first verb stands in the past tense.
    """

    verbs: tuple[Verb, ...]
    past: int

    @property
    def main(self) -> Verb:
        """The verb that the clause is about."""
        return self.verbs[-1]

    def german_finite(self, agreement: int) -> Token:
        """What stands second: without a separable prefix."""
        return (self.verbs[0].german[self.past][agreement], self, 0)

    def german_bracket(self, out: list[Token]) -> None:
        """What closes a main clause: infinitives and participles inside out, or the prefix."""
        if len(self.verbs) == 1:
            if self.verbs[0].prefix:
                out.append((self.verbs[0].prefix, self, 0))
            return
        for place in range(len(self.verbs) - 1, 0, -1):
            form = self.verbs[place - 1].governs
            out.append((self.verbs[place].german_fixed[form], self, place))

    def german_final(self, out: list[Token], agreement: int) -> None:
        """All verbs at the end of a subordinate clause, the finite one last and undivided."""
        first = self.verbs[0]
        finite = first.german[self.past][agreement]
        if len(self.verbs) == 1:
            out.append((first.prefix + finite, self, 0))
            return
        self.german_bracket(out)
        out.append((finite, self, 0))

    def german_zu(self, out: list[Token]) -> None:
        """The infinitive with zu, which separable verbs take inside: aufzustehen."""
        out.append((self.main.german_fixed[ZU_INFINITIVE], self, 0))

    def english_finite(self, agreement: int) -> Token:
        """The finite verb of a plain statement."""
        return (self.verbs[0].english[self.past][agreement], self, 0)

    def english_auxiliary(self, agreement: int) -> Token:
        """The finite verb where there is a question or `not`: a form of `do` if none can serve."""
        if self.verbs[0].auxiliary:
            return self.english_finite(agreement)
        return (english.DO[self.past][agreement], self, 0)

    def english_bare(self, out: list[Token]) -> None:
        """The verb that `do` leaves behind."""
        if not self.verbs[0].auxiliary:
            out.append((self.verbs[0].english_fixed[0], self, 0))

    def english_rest(self, out: list[Token]) -> None:
        """Everything after the finite verb but the last particle: infinitives, participles."""
        last = len(self.verbs) - 1
        for place, verb in enumerate(self.verbs):
            if place:
                form = int(self.verbs[place - 1].governs == PARTICIPLE)
                out.append((verb.english_fixed[form], self, place))
            if verb.rest and place < last:
                out.append((verb.rest, self, place))

    def english_particle(self, out: list[Token]) -> None:
        """The particle of the verb itself: `up` of "pick up"."""
        if self.main.rest:
            out.append((self.main.rest, self, len(self.verbs) - 1))

    def english_to(self, out: list[Token]) -> None:
        """The infinitive with `to`."""
        out.append(("to " + self.main.english_fixed[0], self, 0))
