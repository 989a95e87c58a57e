"""The verbs of a clause as a chain: tense, modal, passive, and the verb itself, outermost first."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import english
from data.starter_grammar.lexemes import PARTICIPLE, ZU_INFINITIVE, Verb
from data.starter_grammar.tokens import Token


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A chain of verbs, each governing the form of the next; a token's slot is its verb's index.

    `past` is 1 if the first verb is in the past tense.
    """

    verbs: tuple[Verb, ...]
    past: int

    @property
    def main(self) -> Verb:
        """The main verb."""
        return self.verbs[-1]

    def german_finite(self, agreement: int) -> Token:
        """Return the finite verb of a main clause, without a separable prefix."""
        return (self.verbs[0].german[self.past][agreement], self, 0)

    def german_bracket(self, out: list[Token]) -> None:
        """Append the right bracket of a main clause: infinitives and participles, or the prefix."""
        if len(self.verbs) == 1:
            if self.verbs[0].prefix:
                out.append((self.verbs[0].prefix, self, 0))
            return
        for index in range(len(self.verbs) - 1, 0, -1):
            form = self.verbs[index - 1].governs
            out.append((self.verbs[index].german_fixed[form], self, index))

    def german_final(self, out: list[Token], agreement: int) -> None:
        """Append all verbs of a subordinate clause, the finite one last and undivided."""
        first = self.verbs[0]
        finite = first.german[self.past][agreement]
        if len(self.verbs) == 1:
            out.append((first.prefix + finite, self, 0))
            return
        self.german_bracket(out)
        out.append((finite, self, 0))

    def german_zu(self, out: list[Token]) -> None:
        """Append the infinitive with zu, which is inside of separable verbs: aufzustehen."""
        out.append((self.main.german_fixed[ZU_INFINITIVE], self, 0))

    def english_finite(self, agreement: int) -> Token:
        """Return the finite verb of an affirmative statement."""
        return (self.verbs[0].english[self.past][agreement], self, 0)

    def english_auxiliary(self, agreement: int) -> Token:
        """Return the finite verb of a question or before `not`: an auxiliary, or a form of `do`."""
        if self.verbs[0].auxiliary:
            return self.english_finite(agreement)
        return (english.DO[self.past][agreement], self, 0)

    def english_bare(self, out: list[Token]) -> None:
        """Append the bare verb after `do`."""
        if not self.verbs[0].auxiliary:
            out.append((self.verbs[0].english_fixed[0], self, 0))

    def english_rest(self, out: list[Token]) -> None:
        """Append infinitives and participles, and all particles but the last."""
        last = len(self.verbs) - 1
        for index, verb in enumerate(self.verbs):
            if index:
                form = int(self.verbs[index - 1].governs == PARTICIPLE)
                out.append((verb.english_fixed[form], self, index))
            if verb.rest and index < last:
                out.append((verb.rest, self, index))

    def english_particle(self, out: list[Token]) -> None:
        """Append the particle of the main verb: `up` of "pick up"."""
        if self.main.rest:
            out.append((self.main.rest, self, len(self.verbs) - 1))

    def english_to(self, out: list[Token]) -> None:
        """Append the infinitive with `to`."""
        out.append(("to " + self.main.english_fixed[0], self, 0))
