"""What preparation tells of a corpus: how much is kept, what was left out and why, how it cuts."""

import dataclasses
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
from jaxtyping import Int

from nmt.runtime.errors import DamagedError, NmtError

log = logging.getLogger(__name__)

BIN = 10  # pieces, of the length histogram
FIRST_OF_SPACES = np.frombuffer(b"\xc2\xe1\xe2\xe3", np.uint8)
"""With which bytes of UTF-8 all spaces begin that are not in ASCII."""


@dataclass
class SideReport:
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

    @classmethod
    def of(
        cls, texts: Sequence[str], pieces: Int[np.ndarray, " rows"], unknown: int
    ) -> "SideReport":
        """Count sentences, each with at least one piece.

        Args:
            texts: the sentences.
            pieces: how many each of them has.
            unknown: how many of all these are UNKNOWN.
        """
        bins = np.bincount((pieces - 1) // BIN)
        return cls(
            characters=sum(map(len, texts)),
            words=_words(texts),
            pieces=int(pieces.sum()),
            unknown=unknown,
            longest=int(pieces.max(initial=0)),
            lengths={
                f"{place * BIN + 1}-{(place + 1) * BIN}": int(bins[place])
                for place in np.flatnonzero(bins)
            },
        )

    def join(self, other: "SideReport") -> None:
        """Count what was counted of other sentences."""
        self.characters += other.characters
        self.words += other.words
        self.pieces += other.pieces
        self.unknown += other.unknown
        self.longest = max(self.longest, other.longest)
        for name, count in other.lengths.items():
            self.lengths[name] = self.lengths.get(name, 0) + count

    def in_order(self) -> "SideReport":
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
class SplitReport:
    """What became of the pairs of one split.

    Attributes:
        read: pairs in the files.
        kept: pairs in the shards.
        skipped: for each reason, how many pairs were left out.
        places: for each reason, the first places, each with its detail.
        source: counts over the kept source sentences.
        target: counts over the kept target sentences.

    Raises:
        ValueError: if the reasons of `skipped` and `places` differ.
    """

    read: int
    kept: int
    skipped: dict[str, int]
    places: dict[str, list[str]]
    source: SideReport
    target: SideReport

    def __post_init__(self) -> None:
        """Refuse reasons without places."""
        if set(self.skipped) != set(self.places):
            raise ValueError("other reasons were skipped than have places")

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
class PreparationReport:
    """What stands in `report.json`.

    Attributes:
        digest: SHA-256 of text and settings.
        settings: what the result depends on beside the text.
        source_pieces: size of the source vocabulary.
        target_pieces: size of the target vocabulary.
        splits: by name, `train` and `valid`.

    Raises:
        ValueError: if it has other splits.
    """

    digest: str
    settings: dict[str, Any]
    source_pieces: int
    target_pieces: int
    splits: dict[str, SplitReport]

    def __post_init__(self) -> None:
        """Refuse other splits than a preparation has."""
        if set(self.splits) != {"train", "valid"}:
            raise ValueError("expected the splits train and valid")

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
    def load(cls, path: Path) -> "PreparationReport":
        """Read what `save` wrote.

        Raises:
            DamagedError: if the file is missing or does not hold a report.
            NmtError: if it may not be read.
        """
        try:
            return _made(cls, json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise DamagedError(f"{path} is missing", path.parent) from error
        except OSError as error:
            raise NmtError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, TypeError, RecursionError) as error:
            what = f"{path} is not a report of this program ({error})"
            raise DamagedError(what, path.parent) from error


def _words(texts: Sequence[str]) -> int:
    """Count what `str.split` finds in texts that have no control characters but tabs."""
    codes = np.frombuffer("\n".join(["", *texts]).encode(), np.uint8)
    if np.isin(codes, FIRST_OF_SPACES).any():
        return sum(len(text.split()) for text in texts)
    spaces = codes <= ord(" ")
    return int(np.count_nonzero(spaces[:-1] > spaces[1:]))


def _made(kind: Any, plain: Any) -> Any:
    """Make a value of this type, or of these types within it, from what JSON has for it.

    Raises:
        TypeError: if it is of another; says what was expected.
        ValueError: if it is a number that counts nothing.
    """
    if dataclasses.is_dataclass(kind):
        types = {field.name: field.type for field in dataclasses.fields(kind)}
        if not isinstance(plain, dict) or set(plain) != set(types):
            raise TypeError(f"expected the keys {', '.join(types)}")
        return kind(**{name: _made(type_, plain[name]) for name, type_ in types.items()})  # type: ignore[operator]
    outer = get_origin(kind)
    if kind is not Any and type(plain) is not (outer or kind):
        raise TypeError(f"expected {(outer or kind).__name__}, found {str(plain)[:40]!r}")
    if outer is list:
        return [_made(get_args(kind)[0], one) for one in plain]
    if outer is dict:
        return {name: _made(get_args(kind)[1], one) for name, one in plain.items()}
    if kind is int and not 0 <= plain < 1 << 63:
        raise ValueError("a number that counts nothing")
    return plain
