"""JSON lines: an object with the keys `source` and `target` on each line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nmt.corpora.corpus import Corpus, Fault, Pair, lines, listed


@dataclass(frozen=True)
class JSONL(Corpus):
    """Each line is `{"source": "…", "target": "…"}`; further keys are allowed and not read.

    Attributes:
        paths: a file, or several that follow each other.
    """

    paths: str | Sequence[str]

    def files(self) -> tuple[str, ...]:
        """Name the files in order."""
        return listed(self.paths, "paths")

    def __iter__(self) -> Iterator[Pair | Fault]:
        """Read one object a line; a line that is none, or lacks a sentence, is a fault."""
        for name in self.files():
            for number, line in enumerate(lines(name), 1):
                yield _pair(line, f"{name}:{number}")


def _pair(line: bytes, place: str) -> Pair | Fault:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Fault("invalid UTF-8", place, f"byte 0x{line[error.start]:02x} at {error.start + 1}")
    except (ValueError, RecursionError) as error:
        return Fault("not JSON", place, str(error))
    sentences = []
    for key in ("source", "target"):
        if not isinstance(value, dict) or not isinstance(value.get(key), str):
            return Fault("no sentence", place, f"expected an object whose {key!r} is a string")
        # A lone surrogate (an escape like \\ud800) is no text: so it becomes invalid UTF-8.
        sentences.append(value[key].encode("utf-8", "surrogatepass"))
    return Pair(sentences[0], sentences[1], place, place)
