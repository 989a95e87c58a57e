"""Whole sentences: the order of the main clause, and the part before its verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from data.starter_grammar.clauses import Clause, Part
from data.starter_grammar.phrases import HEAD
from data.starter_grammar.tokens import COMMA_TOKEN, Token


@runtime_checkable
class Sentence(Protocol):
    """The content of a line."""

    @property
    def mark(self) -> str:
        """The punctuation mark at the end."""

    def german(self, out: list[Token]) -> None:
        """Append the German words."""

    def english(self, out: list[Token]) -> None:
        """Append the English words."""

    def skeleton(self) -> str:
        """Return the clauses without words: `kind(clauses within)`, subordinate ones in order.

        A subordinate clause is named by its conjunction, a relative clause `relative`, an
        infinitive `zu`; everything that is not a clause is left out. Two sentences of the same
        skeleton nest the same kinds of clauses in the same way.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A main clause; `front` is the first part in German, the subject or another one.

    English follows, except for an object that German puts first: it stays behind its verb.
    """

    clause: Clause
    front: Part
    mark: str = "."

    def german(self, out: list[Token]) -> None:
        """Append the statement, with the verb second."""
        self.clause.german_second(out, self.front)

    def english(self, out: list[Token]) -> None:
        """Append the statement: subject, verb, object."""
        clause, front = self.clause, self.front
        if front is clause.subject or front is clause.direct:
            clause.english_statement(out, None)
            return
        front.english(out)
        if front is clause.circumstance:
            out.append(COMMA_TOKEN)
        clause.english_statement(out, front)

    def skeleton(self) -> str:
        """Return `main(...)`, with a mark if a clause comes first."""
        kind = "fronted" if self.front is self.clause.circumstance else "main"
        return f"{kind}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class PolarQuestion:
    """A yes-no question."""

    clause: Clause
    mark: str = "?"

    def german(self, out: list[Token]) -> None:
        """Append the question, with the verb first."""
        self.clause.german_first(out)

    def english(self, out: list[Token]) -> None:
        """Append the question, with inversion or `do`."""
        self.clause.english_question(out, None)

    def skeleton(self) -> str:
        """Return `polar(...)`."""
        return f"polar({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class OpenQuestion:
    """A question with a question word, which is or is within `asked`."""

    clause: Clause
    asked: Part
    mark: str = "?"

    def german(self, out: list[Token]) -> None:
        """Append the question: question word, verb, rest."""
        self.clause.german_second(out, self.asked)

    def english(self, out: list[Token]) -> None:
        """Append the question, without inversion if it asks for the subject."""
        if self.asked is self.clause.subject:
            self.clause.english_statement(out, None)
            return
        self.clause.english_part(out, self.asked)
        self.clause.english_question(out, self.asked)

    def skeleton(self) -> str:
        """Return `open(...)`."""
        return f"open({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Two main clauses, with a comma before the conjunction, which belongs to neither."""

    first: Statement
    conjunction: tuple[str, str]
    second: Statement
    mark: str = "."

    def german(self, out: list[Token]) -> None:
        """Append both statements, with the verb second."""
        self.first.german(out)
        out.extend((COMMA_TOKEN, (self.conjunction[0], self, HEAD)))
        self.second.german(out)

    def english(self, out: list[Token]) -> None:
        """Append both statements."""
        self.first.english(out)
        out.extend((COMMA_TOKEN, (self.conjunction[1], self, HEAD)))
        self.second.english(out)

    def skeleton(self) -> str:
        """Return the skeletons of both statements."""
        return f"{self.first.skeleton()}+{self.second.skeleton()}"
