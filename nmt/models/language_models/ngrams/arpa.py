"""N-gram tables as text, in the format that SRILM, KenLM and others read and write."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime import atomic_files
from nmt.runtime.errors import ModelError

NEVER = -99
"""The format's logarithm, to base 10, of a probability of 0."""

LOG_10 = math.log(10)

SPECIAL = {UNKNOWN: "<unk>", BEGIN: "<s>", END: "</s>"}
"""What the format calls them."""

HEADER = re.compile(rb"ngram\s+(\d{1,9})\s*=\s*(\d{1,18})")


def write(path: Path, tables: NGramTables, names: Sequence[str]) -> None:
    """Write all n-grams; PADDING is left out, as it is in none of them.

    Args:
        path: replaced once the new file is complete.
        tables: what to write.
        names: of all pieces, by id.

    Raises:
        ModelError: if a name has white space, which separates names in the file.
        NmtError: if the file cannot be written.
    """
    words = _words(names)
    texts = words
    lines = ["\\data\\"]
    present = [len(keys) - (order == 0) for order, keys in enumerate(tables.keys)]
    lines += [f"ngram {order}={count}" for order, count in enumerate(present, start=1)]
    for order, keys in enumerate(tables.keys):
        if order > 0:
            contexts, last = np.divmod(keys, tables.pieces)
            pairs = zip(contexts.tolist(), last.tolist(), strict=True)
            texts = [f"{texts[context]} {words[piece]}" for context, piece in pairs]
        numbers = np.maximum(tables.log_probabilities[order] / LOG_10, NEVER)
        columns = [[f"{number:.7f}" for number in numbers.tolist()], texts]
        if order < len(tables.backoffs):
            columns.append([f"{number / LOG_10:.7f}" for number in tables.backoffs[order].tolist()])
        rows = ["\t".join(row) for row in zip(*columns, strict=True)]
        lines += ["", f"\\{order + 1}-grams:", *(rows if order else rows[PADDING + 1 :])]
    atomic_files.write(path, "\n".join([*lines, "", "\\end\\", ""]).encode())


def read(path: Path, names: Sequence[str]) -> NGramTables:
    """Read a file; back-offs that are not there are 1, and unigrams that are not there UNKNOWN's.

    Args:
        path: what SRILM, KenLM or `write` wrote.
        names: of all pieces, by id.

    Raises:
        ModelError: if it cannot be read, or is no such file over these pieces; names the line.
    """
    ids = {word.encode(): piece for piece, word in enumerate(_words(names)) if piece != PADDING}
    try:
        lines = _Lines(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    counts = _header(lines)
    tables = NGramTables(len(names), (), (), ())
    for order, count in enumerate(counts, start=1):
        fields = (order + 1, order + 2) if order < len(counts) else (order + 1,)
        section = _section(lines, order, fields, ids)
        if len(section.lines) != count:
            problem = f"{len(section.lines)} {order}-grams, but the header says {count}"
            raise lines.error_at(lines.number + 1, problem)
        tables = _added(tables, section, lines)
        if order == 1:
            present = set(tables.keys[0].tolist())
            ids = {word: piece for word, piece in ids.items() if piece in present}
            tables = _whole(tables)
    if lines.take() != b"\\end\\":
        raise lines.error("expected \\end\\")
    return replace(tables, backoffs=tables.backoffs[:-1])


@dataclass(frozen=True)
class _Section:
    """The n-grams of one order as they stand in a file, in nats, and their lines' numbers."""

    ngrams: Int[np.ndarray, "ngrams length"]
    log_probabilities: Float[np.ndarray, " ngrams"]
    backoffs: Float[np.ndarray, " ngrams"]
    lines: Int[np.ndarray, " ngrams"]


class _Lines:
    """The lines of a file that are not blank, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.read_bytes().split(b"\n")
        self.number = 0

    def take(self) -> bytes:
        """Give the next line, without the space around it."""
        while self.number < len(self._lines):
            self.number += 1
            if line := self._lines[self.number - 1].strip():
                return line
        raise self.error("the file ends before \\end\\")

    def entries(self) -> Iterator[bytes]:
        """Give lines up to the next that starts with a backslash."""
        while not (line := self.take()).startswith(b"\\"):
            yield line
        self.number -= 1

    def error(self, problem: str) -> ModelError:
        """Say where it is."""
        return self.error_at(self.number, problem)

    def error_at(self, number: int, problem: str) -> ModelError:
        """Say it of another line."""
        return ModelError(f"{self._path}, line {number}: {problem}")


def _header(lines: _Lines) -> list[int]:
    """Give how many n-grams of each order there shall be."""
    if lines.take() != b"\\data\\":
        raise lines.error("expected \\data\\, with which an ARPA file starts")
    counts: list[int] = []
    for line in lines.entries():
        found = HEADER.fullmatch(line)
        if not found or int(found[1]) != len(counts) + 1:
            raise lines.error(f"{_shown(line)}, expected ngram {len(counts) + 1}=COUNT")
        counts.append(int(found[2]))
    if not counts:
        raise lines.error("expected ngram 1=COUNT")
    return counts


def _section(
    lines: _Lines, order: int, fields: Sequence[int], ids: Mapping[bytes, int]
) -> _Section:
    expected = f"\\{order}-grams:"
    if (line := lines.take()) != expected.encode():
        raise lines.error(f"{_shown(line)}, expected {expected}")
    ngrams: list[int] = []
    numbers: list[tuple[float, float]] = []
    where: list[int] = []
    for line in lines.entries():
        cells = line.split()
        if len(cells) not in fields:
            wanted = " or ".join(map(str, fields))
            raise lines.error(f"{len(cells)} fields, expected {wanted}")
        try:
            ngrams += [ids[cell] for cell in cells[1 : order + 1]]
        except KeyError as error:
            expected = "a piece of the vocabulary" if order == 1 else "one of the 1-grams"
            raise lines.error(f"{_shown(error.args[0])}: expected {expected}") from None
        numbers.append(_numbers(lines, cells[0], cells[order + 1 :]))
        where.append(lines.number)
    table = np.array(ngrams, np.int64).reshape(-1, order)
    probabilities, backoffs = np.array(numbers, np.float64).reshape(-1, 2).T * LOG_10
    probabilities[(probabilities <= NEVER * LOG_10) | (table[:, -1] == BEGIN)] = -np.inf
    return _Section(table, probabilities, backoffs, np.array(where, np.int64))


def _numbers(lines: _Lines, probability: bytes, backoff: Sequence[bytes]) -> tuple[float, float]:
    try:
        found = float(probability), float(backoff[0]) if backoff else 0.0
    except ValueError:
        found = math.nan, math.nan
    if not (found[0] <= 0 and math.isfinite(found[1])):
        shown = ", ".join(map(_shown, [probability, *backoff]))
        raise lines.error(f"{shown}: expected a log-probability, at most 0, and a finite back-off")
    return found


def _added(tables: NGramTables, section: _Section, lines: _Lines) -> NGramTables:
    """Put an order on top of the tables."""
    contexts = tables.find(section.ngrams[:, :-1])
    for number in section.lines[contexts < 0][:1].tolist():
        raise lines.error_at(number, "the n-gram without its last piece is not in the file")
    keys = contexts * tables.pieces + section.ngrams[:, -1]
    places = np.argsort(keys, kind="stable")
    keys = keys[places]
    for number in section.lines[places[1:]][keys[1:] == keys[:-1]][:1].tolist():
        raise lines.error_at(number, "the n-gram stands in the file twice")
    return NGramTables(
        tables.pieces,
        (*tables.keys, keys),
        (*tables.log_probabilities, section.log_probabilities[places]),
        (*tables.backoffs, section.backoffs[places]),
    )


def _whole(tables: NGramTables) -> NGramTables:
    """Give unigrams all pieces; one that is not there is as probable as UNKNOWN."""
    (keys,), (found,), (weights,) = tables.keys, tables.log_probabilities, tables.backoffs
    probabilities, backoffs = np.full(tables.pieces, -np.inf), np.zeros(tables.pieces)
    for unknown in found[keys == UNKNOWN]:
        probabilities[END:] = unknown
    probabilities[keys] = found
    backoffs[keys] = weights
    return NGramTables(tables.pieces, (np.arange(tables.pieces),), (probabilities,), (backoffs,))


def _words(names: Sequence[str]) -> list[str]:
    """Call the special pieces as the format does; refuse names that would be read as several."""
    words = [SPECIAL.get(piece, name) for piece, name in enumerate(names)]
    for piece, word in enumerate(words):
        if word.encode().split() != [word.encode()]:
            raise ModelError(f"piece {piece} is {word!r}: an ARPA file has no names with space")
    return words


def _shown(field: bytes) -> str:
    return repr(field.decode(errors="replace"))
