"""JSON lines: an object with the keys `source` and `target` on each line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nmt.data.corpora.corpus import (
    AT_ONCE,
    Corpus,
    InvalidPair,
    LineBlock,
    Pair,
    PairBlock,
    listed,
    read_lines,
)


@dataclass(frozen=True)
class JSONLCorpus(Corpus):
    """Each line is `{"source": "…", "target": "…"}`; further keys are allowed and not read.

    Attributes:
        paths: a file, or several that follow each other.
    """

    paths: str | Sequence[str]

    def files(self) -> tuple[str, ...]:
        """Name the files in order."""
        return listed(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Read one object a line; a line that is none, or lacks a sentence, is a fault."""
        return chain.from_iterable(self.blocks(AT_ONCE))

    def blocks(self, pairs: int) -> Iterator["JSONLBlock"]:
        """Give the lines as they stand there."""
        for name in self.files():
            yield from map(JSONLBlock, read_lines(name, pairs))


@dataclass(frozen=True, slots=True)
class JSONLBlock(PairBlock):
    """Lines that are still to be taken apart."""

    lines: LineBlock

    def __iter__(self) -> Iterator[Pair | InvalidPair]:
        """Take them apart."""
        for line, place in self.lines:
            yield _pair(line, place)


def _pair(line: bytes, place: str) -> Pair | InvalidPair:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return InvalidPair(
            "invalid UTF-8", place, f"byte 0x{line[error.start]:02x} at {error.start + 1}"
        )
    except (ValueError, RecursionError) as error:
        return InvalidPair("not JSON", place, str(error))
    sentences = []
    for key in ("source", "target"):
        if not isinstance(value, dict) or not isinstance(value.get(key), str):
            return InvalidPair(
                "no sentence", place, f"expected an object whose {key!r} is a string"
            )
        # A lone surrogate (an escape like \\ud800) is no text: so it becomes invalid UTF-8.
        sentences.append(value[key].encode("utf-8", "surrogatepass"))
    return Pair(sentences[0], sentences[1], place, place)
