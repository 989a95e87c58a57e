"""Tenses and modals as the outer verbs of a chain, with the adverbs that go with each.

German and English tenses correspond one to one here: Präsens is the simple present, Präteritum the
simple past, Perfekt the present perfect, Plusquamperfekt the past perfect and Futur the future.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar.lexemes import HAVE, HAVE_BY_BEING, PASSIVE, WILL, Verb
from data.starter_grammar.verbs import Chain


@dataclass(frozen=True, slots=True, eq=False)
class Tense:
    """`past` is that of the finite verb; the two groups name adverbs of the lexicon.

    `willed` is 1 if the subject must be volitional.
    """

    past: int
    perfect: int
    outer: tuple[Verb, ...]
    times: str
    frequencies: str
    willed: int = 0

    @property
    def modal(self) -> bool:
        """Whether a modal verb comes first, rather than the auxiliary of the future."""
        return bool(self.outer) and self.outer[0] is not WILL

    def chain(self, verb: Verb) -> Chain:
        """Return the verbs of the active."""
        return Chain((*self._outer(verb), verb), self.past)

    def passive(self, verb: Verb) -> Chain:
        """Return the verbs of the passive, whose perfect is formed with `sein`."""
        return Chain((*self._outer(PASSIVE), PASSIVE, verb), self.past)

    def _outer(self, inner: Verb) -> tuple[Verb, ...]:
        if self.perfect:
            return (HAVE_BY_BEING if inner.perfect_with_be else HAVE,)
        return self.outer


PRESENT = Tense(0, 0, (), "present", "present")
PRETERITE = Tense(1, 0, (), "past", "past")
PERFECT = Tense(0, 1, (), "perfect", "perfect")
PLUPERFECT = Tense(1, 1, (), "", "")
FUTURE = Tense(0, 0, (WILL,), "future", "")


def modal(verb: Verb, past: int) -> Tense:
    """Return the tense of a modal verb, in the present or the past."""
    willed = int(verb.german_fixed[0] in ("wollen", "dürfen", "mögen"))
    return Tense(past, 0, (verb,), "past" if past else "future", "", willed)
