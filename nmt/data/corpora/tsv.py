"""Tab-separated text: source, one tab, target, on each line."""

from nmt.data.corpora.corpus import InvalidPair, LineBlock, Pair
from nmt.data.corpora.line_corpus import LineCorpus, ParsedLines

HEADS = frozenset(
    b"source target src tgt trg text translation original sentence input output reference"
    b" de en fr es it nl pl pt ru cs uk ar hi ja ko zh tr german english french spanish italian"
    b" quelle ziel deutsch englisch spanisch italienisch franz\xc3\xb6sisch".split()
)
"""Words that stand alone at the head of a column, in lower case."""


class TSVCorpus(LineCorpus):
    """Each line is `source<TAB>target`; nothing is quoted or escaped.

    What a spreadsheet adds is invalid: a header line with the names of the columns, and quotes
    around a cell in which quotes are doubled.
    """

    def block(self, lines: LineBlock) -> ParsedLines:
        """Split each line at its tab; a line with none or several is invalid."""
        return ParsedLines(lines, _parse)


def _parse(line: bytes, location: str) -> Pair | InvalidPair:
    columns = line.split(b"\t")
    if len(columns) != 2:
        detail = f"{len(columns) - 1} tabs, expected one between the sentences"
        return InvalidPair("not two columns", location, detail)
    if location.endswith(":1") and all(column.strip(b' "').lower() in HEADS for column in columns):
        return InvalidPair("names of columns", location, line.decode("utf-8", "replace"))
    if any(map(_is_quoted, columns)):
        detail = '"" stands for a quote; save the file without quotes, or as JSON lines'
        return InvalidPair("quotes of a spreadsheet", location, detail)
    return Pair(columns[0], columns[1], location, location)


def _is_quoted(column: bytes) -> bool:
    """Return whether quotes enclose a cell, and all quotes inside are doubled."""
    inside = column[1:-1]
    enclosed = len(column) > 3 and column[:1] == column[-1:] == b'"'
    return enclosed and b'""' in inside and b'"' not in inside.replace(b'""', b"")
