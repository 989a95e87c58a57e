"""N-gram tables as text, in the ARPA format of SRILM, KenLM and others."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.models.language_models.ngrams.tables import NGramTables
from nmt.runtime import output_files
from nmt.runtime.errors import ModelError

NEVER = -99
"""The format's logarithm, to base 10, of a probability of 0."""

LOG_10 = math.log(10)

SPECIAL = {UNKNOWN: "<unk>", BEGIN: "<s>", END: "</s>"}
"""The format's names of special pieces."""

HEADER = re.compile(rb"ngram\s+(\d{1,9})\s*=\s*(\d{1,18})")


def write(path: Path, tables: NGramTables, names: Sequence[str]) -> None:
    """Write all n-grams; none has PADDING.

    Args:
        path: replaced when the new file is complete.
        tables: the n-grams.
        names: of all pieces, by id.

    Raises:
        ModelError: if a name has white space, which separates names in the file.
        NmtError: if the file cannot be written.
    """
    words = _words(names)
    texts = words
    lines = ["\\data\\"]
    counts = [len(keys) - (order == 0) for order, keys in enumerate(tables.keys)]
    lines += [f"ngram {order}={count}" for order, count in enumerate(counts, start=1)]
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
    output_files.write(path, "\n".join([*lines, "", "\\end\\", ""]).encode())


def read(path: Path, names: Sequence[str]) -> NGramTables:
    """Read a file; missing back-offs are 1, and missing unigrams as probable as UNKNOWN.

    Args:
        path: written by SRILM, KenLM or `write`.
        names: of all pieces, by id.

    Raises:
        ModelError: if the file cannot be read, or is no ARPA file over these pieces; names the
            line.
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
        tables = _with_order(tables, section, lines)
        if order == 1:
            known = set(tables.keys[0].tolist())
            ids = {word: piece for word, piece in ids.items() if piece in known}
            tables = _with_all_unigrams(tables)
    if lines.take() != b"\\end\\":
        raise lines.error("expected \\end\\")
    return replace(tables, backoffs=tables.backoffs[:-1])


@dataclass(frozen=True)
class _Section:
    """The n-grams of one order in the file's sequence, in nats, with their line numbers."""

    ngrams: Int[np.ndarray, "ngrams length"]
    log_probabilities: Float[np.ndarray, " ngrams"]
    backoffs: Float[np.ndarray, " ngrams"]
    lines: Int[np.ndarray, " ngrams"]


class _Lines:
    """The lines of a file that are not blank, in turn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.read_bytes().split(b"\n")
        self.number = 0

    def take(self) -> bytes:
        """Return the next line, without surrounding white space."""
        while self.number < len(self._lines):
            self.number += 1
            if line := self._lines[self.number - 1].strip():
                return line
        raise self.error("the file ends before \\end\\")

    def entries(self) -> Iterator[bytes]:
        """Yield the lines before the next one that starts with a backslash."""
        while not (line := self.take()).startswith(b"\\"):
            yield line
        self.number -= 1

    def error(self, problem: str) -> ModelError:
        """Return an error that names the last line taken."""
        return self.error_at(self.number, problem)

    def error_at(self, number: int, problem: str) -> ModelError:
        """Return an error that names a line."""
        return ModelError(f"{self._path}, line {number}: {problem}")


def _header(lines: _Lines) -> list[int]:
    """Read the number of n-grams of each order."""
    if lines.take() != b"\\data\\":
        raise lines.error("expected \\data\\, with which an ARPA file starts")
    counts: list[int] = []
    for line in lines.entries():
        match = HEADER.fullmatch(line)
        if not match or int(match[1]) != len(counts) + 1:
            raise lines.error(f"{_shown(line)}, expected ngram {len(counts) + 1}=COUNT")
        counts.append(int(match[2]))
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
    line_numbers: list[int] = []
    for line in lines.entries():
        cells = line.split()
        if len(cells) not in fields:
            raise lines.error(f"{len(cells)} fields, expected {' or '.join(map(str, fields))}")
        try:
            ngrams += [ids[cell] for cell in cells[1 : order + 1]]
        except KeyError as error:
            expected = "a piece of the vocabulary" if order == 1 else "one of the 1-grams"
            raise lines.error(f"{_shown(error.args[0])}: expected {expected}") from None
        numbers.append(_numbers(lines, cells[0], cells[order + 1 :]))
        line_numbers.append(lines.number)
    table = np.array(ngrams, np.int64).reshape(-1, order)
    probabilities, backoffs = np.array(numbers, np.float64).reshape(-1, 2).T * LOG_10
    probabilities[(probabilities <= NEVER * LOG_10) | (table[:, -1] == BEGIN)] = -np.inf
    return _Section(table, probabilities, backoffs, np.array(line_numbers, np.int64))


def _numbers(lines: _Lines, probability: bytes, backoff: Sequence[bytes]) -> tuple[float, float]:
    try:
        numbers = float(probability), float(backoff[0]) if backoff else 0.0
    except ValueError:
        numbers = math.nan, math.nan
    if not (numbers[0] <= 0 and math.isfinite(numbers[1])):
        shown = ", ".join(map(_shown, [probability, *backoff]))
        raise lines.error(f"{shown}: expected a log-probability, at most 0, and a finite back-off")
    return numbers


def _with_order(tables: NGramTables, section: _Section, lines: _Lines) -> NGramTables:
    """Return the tables with one more order."""
    contexts = tables.find(section.ngrams[:, :-1])
    for number in section.lines[contexts < 0][:1].tolist():
        raise lines.error_at(number, "the n-gram without its last piece is not in the file")
    keys = contexts * tables.pieces + section.ngrams[:, -1]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    for number in section.lines[order[1:]][keys[1:] == keys[:-1]][:1].tolist():
        raise lines.error_at(number, "the n-gram is in the file twice")
    return NGramTables(
        tables.pieces,
        (*tables.keys, keys),
        (*tables.log_probabilities, section.log_probabilities[order]),
        (*tables.backoffs, section.backoffs[order]),
    )


def _with_all_unigrams(tables: NGramTables) -> NGramTables:
    """Return unigrams of all pieces; missing ones are as probable as UNKNOWN."""
    (keys,), (known,), (weights,) = tables.keys, tables.log_probabilities, tables.backoffs
    probabilities, backoffs = np.full(tables.pieces, -np.inf), np.zeros(tables.pieces)
    for unknown in known[keys == UNKNOWN]:
        probabilities[END:] = unknown
    probabilities[keys] = known
    backoffs[keys] = weights
    return NGramTables(tables.pieces, (np.arange(tables.pieces),), (probabilities,), (backoffs,))


def _words(names: Sequence[str]) -> list[str]:
    """Return the names of pieces in the file; raise ModelError if one has white space."""
    words = [SPECIAL.get(piece, name) for piece, name in enumerate(names)]
    for piece, word in enumerate(words):
        if word.encode().split() != [word.encode()]:
            raise ModelError(f"piece {piece} is {word!r}: an ARPA file has no names with space")
    return words


def _shown(field: bytes) -> str:
    return repr(field.decode(errors="replace"))
