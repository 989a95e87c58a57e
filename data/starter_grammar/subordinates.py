"""Subordinate clauses, which German sets between commas with the verb at the end."""

from __future__ import annotations

from dataclasses import dataclass

from data.starter_grammar.clauses import Clause, Part
from data.starter_grammar.phrases import HEAD
from data.starter_grammar.tokens import COMMA_TOKEN, Token


@dataclass(frozen=True, slots=True, eq=False)
class Subordinate:
    """A clause after a conjunction: weil, dass, ob."""

    conjunction: tuple[str, str]
    clause: Clause

    def german(self, out: list[Token]) -> None:
        """Append the clause between commas, with the verb last."""
        out.append(COMMA_TOKEN)
        out.append((self.conjunction[0], self, HEAD))
        self.clause.german_last(out, self.clause.subject)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """Append the conjunction and a statement."""
        out.append((self.conjunction[1], self, HEAD))
        self.clause.english_statement(out, None)

    def skeleton(self) -> str:
        """Return the skeleton, named by the conjunction."""
        return f"{self.conjunction[0]}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Fronted:
    """A clause with one of its own parts in front: a relative clause or an indirect question."""

    kind: str
    clause: Clause
    front: Part

    def german(self, out: list[Token]) -> None:
        """Append the clause between commas, with the verb last."""
        out.append(COMMA_TOKEN)
        self.clause.german_last(out, self.front)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """Append the part and a statement, never inverted."""
        if self.front is self.clause.subject:
            self.clause.english_statement(out, None)
            return
        self.clause.english_part(out, self.front)
        self.clause.english_statement(out, self.front)

    def skeleton(self) -> str:
        """Return `relative(...)` or `asked(...)`."""
        return f"{self.kind}({self.clause.skeleton()})"


@dataclass(frozen=True, slots=True, eq=False)
class Infinitive:
    """A clause without subject or tense: versucht, das Buch zu lesen; `opening` may be `um`."""

    clause: Clause
    opening: tuple[str, str] = ("", "")

    def german(self, out: list[Token]) -> None:
        """Append the clause between commas, with zu before or inside the last verb."""
        out.append(COMMA_TOKEN)
        if self.opening[0]:
            out.append((self.opening[0], self, HEAD))
        self.clause.german_infinitive(out)
        out.append(COMMA_TOKEN)

    def english(self, out: list[Token]) -> None:
        """Append `to` and the bare verb."""
        if self.opening[1]:
            out.append((self.opening[1], self, HEAD))
        self.clause.english_infinitive(out)

    def skeleton(self) -> str:
        """Return `zu(...)`, or `um(...)`."""
        return f"{self.opening[0] or 'zu'}({self.clause.skeleton()})"
