"""Tab-separated text: source, one tab, target, on each line."""

from nmt.data.corpora.corpus import InvalidPair, LineBlock, Pair
from nmt.data.corpora.line_corpus import LineCorpus, ParsedLines


class TSVCorpus(LineCorpus):
    """Each line is `source<TAB>target`; nothing is quoted or escaped."""

    def block(self, lines: LineBlock) -> ParsedLines:
        """Split each line at its tab; a line with none or several is invalid."""
        return ParsedLines(lines, _parse)


def _parse(line: bytes, location: str) -> Pair | InvalidPair:
    columns = line.split(b"\t")
    if len(columns) != 2:
        detail = f"{len(columns) - 1} tabs, expected one between the sentences"
        return InvalidPair("not two columns", location, detail)
    return Pair(columns[0], columns[1], location, location)
