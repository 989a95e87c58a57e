"""The noun phrase: agreement of article, adjectives and noun, and what follows the noun."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar import english, german
from data.starter_grammar.determiners import NOT_A, THE, Determiner
from data.starter_grammar.lexemes import POSITIVE, Adjective, Noun
from data.starter_grammar.lexicon import Phrase
from data.starter_grammar.phrases import ADJECTIVE, DETERMINER, ER, HEAD, NUMERAL, SIE, Complement
from data.starter_grammar.tokens import Token

VERY = -1  # the slot of `sehr`, below the others because adjectives count up


@dataclass(frozen=True, slots=True, eq=False)
class NounPhrase:
    """A noun with everything before and after it.

    `possessor` is an English genitive (the teacher's car); `of` a complement with `of`; both are
    German genitives. `very` and `degree` belong to the first adjective.
    """

    noun: Noun
    plural: int
    determiner: Determiner
    name: Phrase | None = None
    numeral: Phrase | None = None
    ordinal: Phrase | None = None
    adjectives: tuple[Adjective, ...] = ()
    degree: int = POSITIVE
    very: int = 0
    possessor: NounPhrase | None = None
    of: NounPhrase | None = None
    attribute: Complement | None = None
    relative: Complement | None = None

    @property
    def agreement(self) -> int:
        """The third person, by number."""
        return SIE if self.plural else ER

    @property
    def column(self) -> int:
        """The gender, or the plural, which has none."""
        return german.PLURAL if self.plural else self.noun.gender

    @property
    def definite(self) -> bool:
        """Whether German places it before adverbs of frequency."""
        return self.determiner.definite or self.name is not None

    @property
    def light(self) -> bool:
        """Always false: it is no pronoun."""
        return False

    def german(self, out: list[Token], case: int) -> None:
        """Append the determiner, then the rest."""
        form = self.determiner.german[case][self.column]
        if form:
            out.append((form, self, DETERMINER))
        self._german_rest(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Append preposition and phrase; no contraction before a relative clause (in dem Haus)."""
        joined = None
        if self.determiner is THE and self.relative is None:
            article = german.DER[case][self.column]
            joined = german.CONTRACTIONS.get((preposition[0], article))
        if joined is None:
            out.append(preposition)
            self.german(out, case)
        else:
            out.append((joined, *preposition[1:]))
            out.append(("", self, DETERMINER))
            self._german_rest(out, case)

    def _german_rest(self, out: list[Token], case: int) -> None:
        if self.name is not None:
            out.append((self.name.german + "s", self, DETERMINER))
        ending = self.determiner.endings[case][self.column]
        if self.numeral is not None:
            out.append((self.numeral.german, self, NUMERAL))
        elif self.ordinal is not None:
            out.append((self.ordinal.german + ending, self, NUMERAL))
        if self.very:
            out.append(("sehr", self, VERY))
        degree = self.degree
        for slot, adjective in enumerate(self.adjectives, ADJECTIVE):
            out.append((adjective.stems[degree] + ending, self, slot))
            degree = POSITIVE
        out.append((self.noun.german[case + 4 * self.plural], self, HEAD))
        self._german_after_noun(out)

    def _german_after_noun(self, out: list[Token]) -> None:
        for genitive in (self.possessor, self.of):
            if genitive is not None:
                genitive.german(out, german.GENITIVE)
        for part in (self.attribute, self.relative):
            if part is not None:
                part.german(out)

    def english(self, out: list[Token]) -> None:
        """Append determiner or possessor, modifiers, noun, and what follows it."""
        place = len(out)
        if self.numeral is not None:
            out.append((self.numeral.english, self, NUMERAL))
        elif self.ordinal is not None:
            out.append((self.ordinal.english, self, NUMERAL))
        if self.very:
            out.append(("very", self, VERY))
        degree = self.degree
        for slot, adjective in enumerate(self.adjectives, ADJECTIVE):
            out.append((adjective.english[degree], self, slot))
            degree = POSITIVE
        out.append((self.noun.english[self.plural], self, HEAD))
        self._english_determiner(out, place)
        if self.of is not None:
            out.append(("of", self.of, DETERMINER))
            self.of.english(out)
        for part in (self.attribute, self.relative):
            if part is not None:
                part.english(out)

    def _english_determiner(self, out: list[Token], place: int) -> None:
        if self.possessor is not None:
            before: list[Token] = []
            self.possessor.english(before)
            word, node, slot = before[-1]
            before[-1] = (english.owner(word), node, slot)
            out[place:place] = before
        elif self.name is not None:
            out.insert(place, (english.owner(self.name.english), self, DETERMINER))
        else:
            form = self.determiner.english[self.plural]
            if form == "a":
                form = english.article(out[place][0])
            elif self.determiner is NOT_A and not self.noun.countable:
                form = "any"
            if form:
                out.insert(place, (form, self, DETERMINER))

    english_subject = english

    def skeleton(self) -> str:
        """Return the skeletons of all parts, from left to right."""
        parts = (self.possessor, self.of, self.attribute, self.relative)
        return "".join(part.skeleton() for part in parts if part is not None)
