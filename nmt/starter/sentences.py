"""Sentences and subordinate clauses: which order a clause takes, and where it is attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nmt.starter.clauses import Clause, Part
from nmt.starter.phrases import HEAD
from nmt.starter.tokens import COMMA_TOKEN, Token


class Sentence(Protocol):
    """What fills a line."""

    mark: str

    def german(self, out: list[Token]) -> None:
        """Appends the German words."""

    def english(self, out: list[Token]) -> None:
        """Appends the English words."""

    def skeleton(self) -> str:
        """The clauses, without their words: `kind(clauses within)`, subordinate ones in order.

        A subordinate clause is named by its conjunction, a relative clause `relative`, an
        infinitive `zu`; everything that is not a clause is left out. Two sentences of the same
        skeleton nest the same kinds of clauses in the same way.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A main clause; `front` is what German says first, the subject or another part.

    English follows, except for an object that German puts first: it stays behind its verb.
    """

    clause: Clause
    front: Part
    mark: str = "."

    def german(self, out: list[Token]) -> None:
        """Verb second."""
        self.clause.german_second(out, self.front)

    def english(self, out: list[Token]) -> None:
        """Subject, verb, object."""
        clause, front = self.clause, self.front
        if front is clause.subject or front is clause.direct:
            clause.english_statement(out, None)
            return
        front.english(out)
        if front is clause.circumstance:
            out.append(COMMA_TOKEN)
        clause.english_statement(out, front)

    def skeleton(self) -> str:
        """`main(...)`, with a mark if a clause stands in front."""
        kind = "fronted" if self.front is self.clause.circumstance else "main"
        return f"{kind}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class PolarQuestion:
    """A yes-no question."""

    clause: Clause
    mark: str = "?"

    def german(self, out: list[Token]) -> None:
        """Verb first."""
        self.clause.german_first(out)

    def english(self, out: list[Token]) -> None:
        """Inversion, with `do`."""
        self.clause.english_question(out, None)

    def skeleton(self) -> str:
        """`polar(...)`."""
        return f"polar({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class OpenQuestion:
    """A question with a question word, which is or is within `asked`."""

    clause: Clause
    asked: Part
    mark: str = "?"

    def german(self, out: list[Token]) -> None:
        """Verb second, behind the question word."""
        self.clause.german_second(out, self.asked)

    def english(self, out: list[Token]) -> None:
        """No inversion where the subject is asked for."""
        if self.asked is self.clause.subject:
            self.clause.english_statement(out, None)
            return
        self.clause.english_part(out, self.asked)
        self.clause.english_question(out, self.asked)

    def skeleton(self) -> str:
        """`open(...)`."""
        return f"open({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Two main clauses; German sets a comma before `aber` and none before `und`."""

    first: Statement
    conjunction: tuple[str, str]
    second: Statement
    mark: str = "."

    def german(self, out: list[Token]) -> None:
        """The conjunction stands outside of both clauses."""
        self._join(out, self.conjunction[0])

    def _join(self, out: list[Token], word: str) -> None:
        self.first.german(out)
        if word == "aber":
            out.append(COMMA_TOKEN)
        out.append(Token(word, self, HEAD))
        self.second.german(out)

    def english(self, out: list[Token]) -> None:
        """The same, with a comma before `but`."""
        self.first.english(out)
        if self.conjunction[1] == "but":
            out.append(COMMA_TOKEN)
        out.append(Token(self.conjunction[1], self, HEAD))
        self.second.english(out)

    def skeleton(self) -> str:
        """Both clauses side by side."""
        return f"{self.first.skeleton()}+{self.second.skeleton()}"


@dataclass(frozen=True, slots=True, eq=False)
class Subordinate:
    """A clause behind a conjunction: weil, dass, ob."""

    conjunction: tuple[str, str]
    clause: Clause

    def german(self, out: list[Token]) -> None:
        """Between commas, verb last."""
        out.append(COMMA_TOKEN)
        out.append(Token(self.conjunction[0], self, HEAD))
        self.clause.german_last(out, self.clause.subject)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """The order of a statement."""
        out.append(Token(self.conjunction[1], self, HEAD))
        self.clause.english_statement(out, None)

    def skeleton(self) -> str:
        """Named by the conjunction."""
        return f"{self.conjunction[0]}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Fronted:
    """A clause behind one of its own parts: a relative clause or an indirect question."""

    kind: str
    clause: Clause
    front: Part

    def german(self, out: list[Token]) -> None:
        """Between commas, verb last."""
        out.append(COMMA_TOKEN)
        self.clause.german_last(out, self.front)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """The part, then the order of a statement; never an inversion."""
        if self.front is self.clause.subject:
            self.clause.english_statement(out, None)
            return
        self.clause.english_part(out, self.front)
        self.clause.english_statement(out, self.front)

    def skeleton(self) -> str:
        """`relative(...)` or `asked(...)`."""
        return f"{self.kind}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Infinitive:
    """A clause without subject or tense: versucht, das Buch zu lesen; `opening` may be `um`."""

    clause: Clause
    opening: tuple[str, str] = ("", "")

    def german(self, out: list[Token]) -> None:
        """Between commas, with zu before or inside the verb at the end."""
        out.append(COMMA_TOKEN)
        if self.opening[0]:
            out.append(Token(self.opening[0], self, HEAD))
        self.clause.german_infinitive(out)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """`to` and the bare verb."""
        if self.opening[1]:
            out.append(Token(self.opening[1], self, HEAD))
        self.clause.english_infinitive(out)

    def skeleton(self) -> str:
        """`zu(...)`."""
        return f"{self.opening[0] or 'zu'}({self.clause.skeleton()})"
