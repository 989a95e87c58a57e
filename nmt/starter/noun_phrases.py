"""The noun phrase: agreement of article, adjectives and noun, and what follows the noun."""

from __future__ import annotations

from dataclasses import dataclass

from nmt.starter import english, german
from nmt.starter.determiners import NOT_A, THE, Determiner
from nmt.starter.lexemes import POSITIVE, Adjective, Noun
from nmt.starter.lexicon import Phrase
from nmt.starter.phrases import ADJECTIVE, DETERMINER, ER, HEAD, NUMERAL, SIE, Complement
from nmt.starter.tokens import Token

VERY = -1  # the slot of `sehr`, below the others because adjectives count up


@dataclass(frozen=True, slots=True, eq=False)
class NounPhrase:
    """A noun with all that stands before and after it.

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
        """Third person, by number."""
        return SIE if self.plural else ER

    @property
    def column(self) -> int:
        """Gender, or the plural that has none."""
        return german.PLURAL if self.plural else self.noun.gender

    @property
    def definite(self) -> bool:
        """Whether German places it before adverbs of frequency."""
        return self.determiner.definite or self.name is not None

    @property
    def light(self) -> bool:
        """Never a pronoun."""
        return False

    def german(self, out: list[Token], case: int) -> None:
        """Determiner first, then the rest."""
        form = self.determiner.german[case][self.column]
        if form:
            out.append(Token(form, self, DETERMINER))
        self._german_rest(out, case)

    def german_after(self, out: list[Token], preposition: Token, case: int) -> None:
        """Contracts preposition and article, but not before a relative clause ("in dem Haus,")."""
        joined = None
        if self.determiner is THE and self.relative is None:
            article = german.DER[case][self.column]
            joined = german.CONTRACTIONS.get((preposition.word, article))
        if joined is None:
            out.append(preposition)
            self.german(out, case)
        else:
            out.append(preposition._replace(word=joined))
            out.append(Token("", self, DETERMINER))
            self._german_rest(out, case)

    def _german_rest(self, out: list[Token], case: int) -> None:
        if self.name is not None:
            out.append(Token(self.name.german + "s", self, DETERMINER))
        ending = self.determiner.endings[case][self.column]
        if self.numeral is not None:
            out.append(Token(self.numeral.german, self, NUMERAL))
        elif self.ordinal is not None:
            out.append(Token(self.ordinal.german + ending, self, NUMERAL))
        slot, degree = ADJECTIVE, self.degree
        for adjective in self.adjectives:
            if self.very and slot == ADJECTIVE:
                out.append(Token("sehr", self, VERY))
            out.append(Token(adjective.stems[degree] + ending, self, slot))
            slot, degree = slot + 1, POSITIVE
        out.append(Token(self.noun.german[case + 4 * self.plural], self, HEAD))
        for genitive in (self.possessor, self.of):
            if genitive is not None:
                genitive.german(out, german.GENITIVE)
        if self.attribute is not None:
            self.attribute.german(out)
        if self.relative is not None:
            self.relative.german(out)

    def english(self, out: list[Token]) -> None:
        """Determiner or possessor, modifiers, noun, and what follows it."""
        place = len(out)
        if self.numeral is not None:
            out.append(Token(self.numeral.english, self, NUMERAL))
        elif self.ordinal is not None:
            out.append(Token(self.ordinal.english, self, NUMERAL))
        slot, degree = ADJECTIVE, self.degree
        for adjective in self.adjectives:
            if self.very and slot == ADJECTIVE:
                out.append(Token("very", self, VERY))
            out.append(Token(adjective.english[degree], self, slot))
            slot, degree = slot + 1, POSITIVE
        out.append(Token(self.noun.english[self.plural], self, HEAD))
        self._english_determiner(out, place)
        if self.of is not None:
            out.append(Token("of", self.of, DETERMINER))
            self.of.english(out)
        if self.attribute is not None:
            self.attribute.english(out)
        if self.relative is not None:
            self.relative.english(out)

    def _english_determiner(self, out: list[Token], place: int) -> None:
        if self.possessor is not None:
            before: list[Token] = []
            self.possessor.english(before)
            before[-1] = before[-1]._replace(word=english.owner(before[-1].word))
            out[place:place] = before
        elif self.name is not None:
            out.insert(place, Token(english.owner(self.name.english), self, DETERMINER))
        else:
            form = self.determiner.english[self.plural]
            if form == "a":
                form = english.article(out[place].word)
            elif self.determiner is NOT_A and not self.noun.countable:
                form = "any"
            if form:
                out.insert(place, Token(form, self, DETERMINER))

    english_subject = english

    def skeleton(self) -> str:
        """The clauses of all parts, from left to right."""
        parts = (self.possessor, self.of, self.attribute, self.relative)
        return "".join(part.skeleton() for part in parts if part is not None)
