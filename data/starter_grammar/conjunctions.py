"""Which conjunctions and tenses go with the tense of the clause around them."""

from __future__ import annotations

from data.starter_grammar.lexicon import Phrase
from data.starter_grammar.tenses import FUTURE, PERFECT, PLUPERFECT, PRESENT, PRETERITE, Tense

Words = tuple[str, str]
BECAUSE, ALTHOUGH = ("weil", "because"), ("obwohl", "although")
IF, WHEN, BEFORE, AFTER = ("wenn", "if"), ("als", "when"), ("bevor", "before"), ("nachdem", "after")
WHILE, AS_SOON = ("während", "while"), ("sobald", "as soon as")
THAT, WHETHER, IN_ORDER, TO = ("dass", "that"), ("ob", "whether"), ("um", "in order"), ("", "")
AND, BUT = ("und", "and"), ("aber", "but")

AROUND_PRESENT = (
    (BECAUSE, PRESENT),
    (BECAUSE, PERFECT),
    (ALTHOUGH, PRESENT),
    (IF, PRESENT),
    (IF, PRESENT),
    (BEFORE, PRESENT),
    (AFTER, PERFECT),
    (WHILE, PRESENT),
)
AROUND_PAST = (
    (BECAUSE, PRETERITE),
    (BECAUSE, PLUPERFECT),
    (ALTHOUGH, PRETERITE),
    (WHEN, PRETERITE),
    (WHEN, PRETERITE),
    (BEFORE, PRETERITE),
    (AFTER, PLUPERFECT),
    (WHILE, PRETERITE),
)
AROUND_PERFECT = ((BECAUSE, PRESENT), (BECAUSE, PERFECT), (ALTHOUGH, PRESENT))
AROUND_FUTURE = (
    (BECAUSE, PRESENT),
    (IF, PRESENT),
    (AS_SOON, PRESENT),
    (BEFORE, PRESENT),
    (ALTHOUGH, PRESENT),
)
WITHIN_PRESENT = (PRESENT, PRESENT, PRESENT, PERFECT, PERFECT)
WITHIN_PAST = (PRETERITE, PRETERITE, PRETERITE, PLUPERFECT)
REPORTED_PRESENT = (PRESENT, PRESENT, PERFECT, FUTURE, PRETERITE)

WHERE, WHY, WHEN_ASKED = (
    Phrase(german, english, "question", frozenset())
    for german, english in (("wo", "where"), ("warum", "why"), ("wann", "when"))
)


def circumstances(around: Tense) -> tuple[tuple[Words, Tense], ...]:
    """Return conjunctions, each with the tense of its clause."""
    if around.past:
        return AROUND_PAST
    if around.perfect:
        return AROUND_PERFECT
    return AROUND_FUTURE if around.outer else AROUND_PRESENT


def within(around: Tense) -> tuple[Tense, ...]:
    """Return the tenses of a relative clause within a clause of this tense."""
    return WITHIN_PAST if around.past else WITHIN_PRESENT


def reported(around: Tense) -> tuple[Tense, ...]:
    """Return the tenses of reported speech; English backshifts after a verb in the past."""
    return WITHIN_PAST if around.past else REPORTED_PRESENT
