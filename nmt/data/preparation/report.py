"""The report of a preparation: pairs kept and skipped, and how the text is segmented."""

import dataclasses
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
from jaxtyping import Int

from nmt.data.text.cleaning import count_removed, left_out
from nmt.runtime import atomic_files
from nmt.runtime.errors import DamagedError, NmtError

log = logging.getLogger(__name__)

BIN = 10  # pieces; width of the histogram's bins
FIRST_OF_SPACES = np.frombuffer(b"\xc2\xe1\xe2\xe3", np.uint8)
"""First bytes in UTF-8 of all white space beyond ASCII."""


@dataclass
class SideReport:
    """Counts over the kept sentences of one language.

    Attributes:
        characters: code points, spaces included.
        words: separated by white space.
        pieces: without BEGIN and END.
        unknown: pieces that are UNKNOWN.
        longest: pieces of the longest sentence.
        invisible: characters that were left out before segmentation (`nmt.data.text.cleaning`).
        lengths: sentences by number of pieces, in bins of ten: "1-10", "11-20", and so on.
    """

    characters: int = 0
    words: int = 0
    pieces: int = 0
    unknown: int = 0
    longest: int = 0
    invisible: int = 0
    lengths: dict[str, int] = field(default_factory=dict)

    @classmethod
    def count(
        cls, texts: Sequence[str], pieces: Int[np.ndarray, " rows"], unknown: int
    ) -> "SideReport":
        """Count sentences of at least one piece each.

        Args:
            texts: the sentences.
            pieces: of each sentence.
            unknown: pieces of all sentences that are UNKNOWN.
        """
        bins = np.bincount((pieces - 1) // BIN)
        return cls(
            characters=sum(map(len, texts)),
            words=_count_words(texts),
            pieces=int(pieces.sum()),
            unknown=unknown,
            longest=int(pieces.max(initial=0)),
            invisible=count_removed(texts),
            lengths={
                f"{number * BIN + 1}-{(number + 1) * BIN}": int(bins[number])
                for number in np.flatnonzero(bins)
            },
        )

    def add(self, other: "SideReport") -> None:
        """Add the counts of other sentences."""
        self.characters += other.characters
        self.words += other.words
        self.pieces += other.pieces
        self.unknown += other.unknown
        self.longest = max(self.longest, other.longest)
        self.invisible += other.invisible
        for name, count in other.lengths.items():
            self.lengths[name] = self.lengths.get(name, 0) + count

    def with_sorted_bins(self) -> "SideReport":
        """Return the same counts with the bins in order of length."""
        bins = sorted(self.lengths.items(), key=lambda item: int(item[0].split("-")[0]))
        return dataclasses.replace(self, lengths=dict(bins))

    def summary(self) -> str:
        """Return the segmentation's rates in one line."""
        return (
            f"{self.pieces / max(1, self.words):.2f} pieces per word, "
            f"{self.pieces / max(1, self.characters):.2f} per character, "
            f"{100 * self.unknown / max(1, self.pieces):.3f} % unknown, longest {self.longest}"
            f"{left_out(self.invisible)}"
        )


@dataclass(frozen=True)
class SplitReport:
    """Counts of the pairs of one split.

    Attributes:
        read: pairs in the files.
        kept: pairs in the shards.
        skipped: number of skipped pairs by reason.
        examples: by reason, the first locations with their details.
        source: counts over the kept source sentences.
        target: counts over the kept target sentences.

    Raises:
        ValueError: if `skipped` and `examples` have different reasons.
    """

    read: int
    kept: int
    skipped: dict[str, int]
    examples: dict[str, list[str]]
    source: SideReport
    target: SideReport

    def __post_init__(self) -> None:
        """Check that each reason has examples."""
        if set(self.skipped) != set(self.examples):
            raise ValueError("expected examples of each reason in skipped")

    def summary(self, name: str) -> Iterator[str]:
        """Yield a few lines; `name` is the split's."""
        skipped = self.read - self.kept
        yield f"{name}: {self.kept} pairs kept of {self.read}, {skipped} skipped"
        for reason, count in self.skipped.items():
            more = " …" if count > len(self.examples[reason]) else ""
            yield f"{name}: skipped {count}: {reason}: {', '.join(self.examples[reason])}{more}"
        yield f"{name}: source: {self.source.summary()}"
        yield f"{name}: target: {self.target.summary()}"


@dataclass(frozen=True)
class PreparationReport:
    """The content of `report.json`.

    Attributes:
        digest: SHA-256 of text and settings.
        settings: on which the result depends besides the text.
        source_pieces: size of the source vocabulary.
        target_pieces: size of the target vocabulary.
        splits: `train` and `valid`, by name.

    Raises:
        ValueError: if it has other splits.
    """

    digest: str
    settings: dict[str, Any]
    source_pieces: int
    target_pieces: int
    splits: dict[str, SplitReport]

    def __post_init__(self) -> None:
        """Check the names of the splits."""
        if set(self.splits) != {"train", "valid"}:
            raise ValueError("expected the splits train and valid")

    def log(self) -> None:
        """Log the summaries of the splits, skipped pairs as warnings."""
        for name, split in self.splits.items():
            for line in split.summary(name):
                log.log(logging.WARNING if ": skipped " in line else logging.INFO, "%s", line)

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)
        atomic_files.write(path, f"{text}\n".encode())

    @classmethod
    def load(cls, path: Path) -> "PreparationReport":
        """Read a report that `save` wrote.

        Raises:
            DamagedError: if the file is missing or holds no report.
            NmtError: if it may not be read.
        """
        try:
            return _parse(cls, json.loads(path.read_bytes()))
        except FileNotFoundError as error:
            raise DamagedError(f"{path} is missing", path.parent) from error
        except OSError as error:
            raise NmtError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, TypeError, RecursionError) as error:
            message = f"{path} is not a report of this program ({error})"
            raise DamagedError(message, path.parent) from error


def _count_words(texts: Sequence[str]) -> int:
    """Count the items of `str.split`, for texts without control characters other than tabs."""
    codes = np.frombuffer("\n".join(["", *texts]).encode(), np.uint8)
    if np.isin(codes, FIRST_OF_SPACES).any():
        return sum(len(text.split()) for text in texts)
    spaces = codes <= ord(" ")
    return int(np.count_nonzero(spaces[:-1] > spaces[1:]))


def _parse(type_: Any, value: Any) -> Any:
    """Return a value of a type, built from parsed JSON.

    Raises:
        TypeError: if the JSON is of another type.
        ValueError: if it is a number that cannot be a count.
    """
    if dataclasses.is_dataclass(type_):
        types = {field.name: field.type for field in dataclasses.fields(type_)}
        if not isinstance(value, dict) or set(value) != set(types):
            raise TypeError(f"expected the keys {', '.join(types)}")
        return type_(**{name: _parse(kind, value[name]) for name, kind in types.items()})  # type: ignore[operator]
    outer = get_origin(type_)
    if type_ is not Any and type(value) is not (outer or type_):
        raise TypeError(f"expected {(outer or type_).__name__}, got {str(value)[:40]!r}")
    if outer is list:
        return [_parse(get_args(type_)[0], item) for item in value]
    if outer is dict:
        return {name: _parse(get_args(type_)[1], item) for name, item in value.items()}
    if type_ is int and not 0 <= value < 1 << 63:
        raise ValueError("a number that cannot be a count")
    return value
