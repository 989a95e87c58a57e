"""JSON lines: an object with the keys `source` and `target` on each line."""

import json

from nmt.data.corpora.corpus import InvalidPair, LineBlock, Pair
from nmt.data.corpora.line_corpus import LineCorpus, ParsedLines


class JSONLCorpus(LineCorpus):
    """Each line is `{"source": "…", "target": "…"}`; further keys are ignored."""

    def block(self, lines: LineBlock) -> ParsedLines:
        """Parse an object on each line; a line without both sentences is invalid."""
        return ParsedLines(lines, _parse)


def _parse(line: bytes, location: str) -> Pair | InvalidPair:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return InvalidPair.not_utf8(error, location)
    except (ValueError, RecursionError) as error:
        return InvalidPair("not JSON", location, str(error))
    sentences = []
    for key in ("source", "target"):
        if not isinstance(value, dict) or not isinstance(value.get(key), str):
            detail = f"expected an object whose {key!r} is a string"
            return InvalidPair("no sentence", location, detail)
        # A lone surrogate (an escape like \\ud800) is no text; encoded it is invalid UTF-8.
        sentences.append(value[key].encode("utf-8", "surrogatepass"))
    return Pair(sentences[0], sentences[1], location, location)
