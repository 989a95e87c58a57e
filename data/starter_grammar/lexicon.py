"""The tables of words, and which words go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.starter_grammar import german, lexemes
from data.starter_grammar.lexemes import Adjective, Noun, Row, Verb
from nmt.runtime.errors import NmtError


@dataclass(frozen=True, slots=True, eq=False)
class Preposition:
    """A German preposition with its case, and the English one."""

    german: str
    case: int
    english: str


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A fixed phrase of both languages: a name, an adverb, a numeral."""

    german: str
    english: str
    kind: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A use of a verb: its possible subjects and objects, its preposition and its adjuncts."""

    verb: Verb
    kind: str
    subjects: tuple[Noun, ...]
    objects: tuple[Noun, ...]
    names: tuple[Phrase, ...]
    preposition: Preposition | None
    english_link: str
    second: tuple[Noun, ...]
    manners: tuple[Phrase, ...]
    places: tuple[Noun, ...]
    passive: bool
    stative: bool
    subject_set: frozenset[Noun]


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """A preposition that can modify a noun, with its nouns: the man with the hat."""

    preposition: Preposition
    nouns: tuple[Noun, ...]
    names: tuple[Phrase, ...]


def rows(path: Path) -> list[Row]:
    """Read a table with a header line; empty cells are empty strings.

    Raises:
        NmtError: if a line has another number of cells than the header.
    """
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    keys = header.split("\t")
    result = []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) != len(keys):
            raise NmtError(f"{path}, line {number} has {len(cells)} cells, expected {len(keys)}")
        result.append(dict(zip(keys, cells, strict=True)))
    return result


class Lexicon:
    """All words, and the selections of nouns and verbs that the grammar needs."""

    def __init__(self, folder: Path) -> None:
        """Read every table of the folder.

        Raises:
            NmtError: if a table is missing, is not rectangular or names an unknown class.
        """
        tables = ["nouns", "compounds", "classes", "adjectives", "names", "adverbs", "numerals"]
        tables += ["modals", "verbs", "attributes", "relations"]
        try:
            table = {name: rows(folder / f"{name}.tsv") for name in tables}
        except OSError as error:
            raise NmtError(f"cannot read the lexicon: {error}") from error
        simple = [lexemes.noun(row) for row in table["nouns"]]
        self._by_word = {noun.german[0]: noun for noun in simple}
        joined = [
            lexemes.compound(row, self._by_word[head])
            for row in table["compounds"]
            for head in row["heads"].split()
        ]
        self.nouns = tuple(simple + joined)
        self._members = {row["name"]: row["members"].split() for row in table["classes"]}
        names = [Phrase(r["german"], r["english"], r["kind"], frozenset()) for r in table["names"]]
        self.names = tuple(names)
        self.people = tuple(name for name in names if name.kind in ("man", "woman"))
        self.cities = self.named("city")
        self.adverbs = tuple(
            Phrase(r["german"], r["english"], r["kind"], frozenset(r["group"].split()))
            for r in table["adverbs"]
        )
        self.cardinals, self.ordinals = (
            tuple(
                Phrase(r["german"], r["english"], kind, frozenset())
                for r in table["numerals"]
                if r["kind"] == kind
            )
            for kind in ("cardinal", "ordinal")
        )
        self.modals = tuple(lexemes.modal(row) for row in table["modals"])
        self.frames = tuple(self._frame(row) for row in table["verbs"])
        self.adjectives = self._adjectives(table["adjectives"])
        self.attributes = self._attributes(table["attributes"])
        self.relations = {
            head: self.select(row["complements"])
            for row in table["relations"]
            for head in self.select(row["heads"])
        }

    def named(self, kinds: str) -> tuple[Phrase, ...]:
        """Return the names of the given kinds."""
        return tuple(name for name in self.names if name.kind in kinds.split())

    def _select_one(self, word: str) -> set[Noun]:
        if word in self._members:
            return {noun for part in self._members[word] for noun in self._select_one(part)}
        if word in self._by_word:
            return {self._by_word[word]}
        return {noun for noun in self.nouns if word in noun.classes}

    def select(self, words: str) -> tuple[Noun, ...]:
        """Return the nouns of any of the classes, in table order; a noun is a class of its own.

        Raises:
            NmtError: if a word is neither a class, nor a noun, nor a kind of name.
        """
        wanted: set[Noun] = set()
        for word in words.split():
            nouns = self._select_one(word)
            if not nouns and not self.named(word):
                raise NmtError(f"{word} is neither a class of nouns nor a noun of the lexicon")
            wanted |= nouns
        return tuple(noun for noun in self.nouns if noun in wanted)

    def _preposition(self, word: str, english: str) -> Preposition:
        form, _, case = word.partition("+")
        return Preposition(form, german.CASES[case], english)

    def _frame(self, row: Row) -> Frame:
        subjects = self.select(row["subject"])
        moves = row["frame"] == "move"
        preposition, link = row["preposition"], row["english_preposition"]
        plain = not preposition or moves
        groups = set(row["manner"].split())
        return Frame(
            verb=lexemes.verb(row),
            kind=row["frame"].removeprefix("self_"),
            subjects=subjects,
            objects=self.select(row["object"]),
            names=self.named(row["object"]),
            preposition=None if plain else self._preposition(preposition, link),
            english_link=link if plain else "",
            second=self.select(preposition) if moves else (),
            manners=tuple(a for a in self.adverbs if a.kind == "manner" and a.groups & groups),
            places=self.select(row["place"]),
            passive=row["passive"] == "yes",
            stative=row["stative"] == "yes",
            subject_set=frozenset(subjects),
        )

    def _adjectives(self, table: list[Row]) -> dict[Noun, tuple[Adjective, ...]]:
        fitting: dict[Noun, list[Adjective]] = {noun: [] for noun in self.nouns}
        for row in table:
            word = lexemes.adjective(row)
            for noun in self.select(row["classes"]):
                fitting[noun].append(word)
        return {noun: tuple(words) for noun, words in fitting.items()}

    def _attributes(self, table: list[Row]) -> dict[Noun, tuple[Attribute, ...]]:
        fitting: dict[Noun, list[Attribute]] = {noun: [] for noun in self.nouns}
        for row in table:
            attribute = Attribute(
                self._preposition(row["preposition"], row["english"]),
                self.select(row["complements"]),
                self.named(row["complements"]),
            )
            for noun in self.select(row["heads"]):
                fitting[noun].append(attribute)
        return {noun: tuple(attributes) for noun, attributes in fitting.items()}
