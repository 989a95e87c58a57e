"""What preparation tells of a corpus: how much is kept, what was left out and why, how it cuts."""

import dataclasses
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmt.errors import NmtError

log = logging.getLogger(__name__)

BIN = 10  # pieces, of the length histogram


@dataclass
class Side:
    """Counts over the kept sentences of one language.

    Attributes:
        characters: code points, spaces included.
        words: what stands between white space.
        pieces: pieces, without BEGIN and END.
        unknown: pieces that are UNKNOWN.
        longest: pieces of the longest sentence.
        lengths: sentences by pieces, in bins of ten: "1-10", "11-20", and so on.
    """

    characters: int = 0
    words: int = 0
    pieces: int = 0
    unknown: int = 0
    longest: int = 0
    lengths: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, pieces: int, unknown: int) -> None:
        """Count a sentence."""
        self.characters += len(text)
        self.words += len(text.split())
        self.pieces += pieces
        self.unknown += unknown
        self.longest = max(self.longest, pieces)
        start = (pieces - 1) // BIN * BIN
        name = f"{start + 1}-{start + BIN}"
        self.lengths[name] = self.lengths.get(name, 0) + 1

    def in_order(self) -> "Side":
        """Give the same with the histogram's bins in order."""
        bins = sorted(self.lengths.items(), key=lambda item: int(item[0].split("-")[0]))
        return dataclasses.replace(self, lengths=dict(bins))

    def line(self) -> str:
        """Say it in a line."""
        return (
            f"{self.pieces / max(1, self.words):.2f} pieces a word, "
            f"{self.pieces / max(1, self.characters):.2f} a character, "
            f"{100 * self.unknown / max(1, self.pieces):.3f} % unknown, longest {self.longest}"
        )


@dataclass(frozen=True)
class Split:
    """What became of the pairs of one split.

    Attributes:
        read: pairs in the files.
        kept: pairs in the shards.
        skipped: for each reason, how many pairs were left out.
        places: for each reason, the first places, each with its detail.
        source: counts over the kept source sentences.
        target: counts over the kept target sentences.
    """

    read: int
    kept: int
    skipped: dict[str, int]
    places: dict[str, list[str]]
    source: Side
    target: Side

    def lines(self, name: str) -> Iterator[str]:
        """Say it in a few lines; `name` is the split's."""
        left_out = self.read - self.kept
        yield f"{name}: {self.kept} pairs kept of {self.read}, {left_out} skipped"
        for reason, count in self.skipped.items():
            more = " …" if count > len(self.places[reason]) else ""
            yield f"{name}: skipped {count}: {reason}: {', '.join(self.places[reason])}{more}"
        yield f"{name}: source: {self.source.line()}"
        yield f"{name}: target: {self.target.line()}"


@dataclass(frozen=True)
class Report:
    """What stands in `report.json`.

    Attributes:
        digest: SHA-256 of text and settings.
        settings: what the result depends on beside the text.
        source_pieces: size of the source vocabulary.
        target_pieces: size of the target vocabulary.
        splits: by name, `train` and `valid`.
    """

    digest: str
    settings: dict[str, Any]
    source_pieces: int
    target_pieces: int
    splits: dict[str, Split]

    def log(self) -> None:
        """Write the few lines that a person wants to see to the log; losses as warnings."""
        for name, split in self.splits.items():
            for line in split.lines(name):
                log.log(logging.WARNING if ": skipped " in line else logging.INFO, "%s", line)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Report":
        """Read what `save` wrote.

        Raises:
            NmtError: if the file is missing or does not hold a report.
        """
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            splits = {name: _split(split) for name, split in plain.pop("splits").items()}
            return cls(**plain, splits=splits)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NmtError(
                f"{path} is not a report of this program ({error}); "
                f"delete {path.parent}, it is made again"
            ) from error


def _split(plain: dict[str, Any]) -> Split:
    source, target = Side(**plain.pop("source")), Side(**plain.pop("target"))
    return Split(**plain, source=source, target=target)
