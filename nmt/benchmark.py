"""Test sets in memory: from files, from a corpus, or the one that a run's training names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from nmt.build import check_stored, instantiate
from nmt.corpora.corpus import Corpus, Fault, lines
from nmt.corpora.plain import Plain
from nmt.errors import ConfigurationError, CorpusError, ModelError

TRAINING = Path("training", "config.yaml")
"""Below a run's folder: all that its training was told."""

UNREADABLE = (
    yaml.YAMLError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading YAML may raise: the parser lets through what dates, numbers and depth do to it."""

MISSING = "???"
"""How a configuration says that a value was never given."""


@dataclass(frozen=True)
class Benchmark:
    """A test set.

    Attributes:
        files: where it was read, for the report.
        source: lines to translate; None where only references are known.
        target: references, one for each line.
    """

    files: tuple[str, ...]
    source: Sequence[str] | None
    target: Sequence[str]


def from_corpus(corpus: Corpus) -> Benchmark:
    """Read all pairs; unlike a training, this leaves nothing out.

    Raises:
        CorpusError: if something cannot be read as a pair of lines of text; names file and line.
    """
    source, target = [], []
    for pair in corpus:
        if isinstance(pair, Fault):
            raise CorpusError(
                f"{pair.place}: {pair.reason}: {pair.detail}; here no line is left out, as a"
                " training may: mend it, or name other files by source= and target="
            )
        source.append(_text(pair.source, pair.source_place))
        target.append(_text(pair.target, pair.target_place))
    return Benchmark(corpus.files(), source, target)


def from_files(source: str | None, target: str) -> Benchmark:
    """Read a test set from plain text, or only its references.

    Raises:
        CorpusError: if a file cannot be read, or their numbers of lines differ.
    """
    if source is None:
        return Benchmark((target,), None, read(target))
    return from_corpus(Plain(source, target))


def from_run(run: Path, trust: Sequence[str], split: str) -> Benchmark:
    """Read the test set, or another split, that a run's training was told of.

    Raises:
        ModelError: if the run's configuration is missing, or names what it may not name.
        ConfigurationError: if it names no such set.
        CorpusError: if the set cannot be read.
    """
    path = run / TRAINING
    if not run.is_dir():
        raise ModelError(f"{run} is no folder; train a model with: python -m nmt.train run={run}")
    try:
        data = dict(yaml.safe_load(path.read_text(encoding="utf-8"))["data"])
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}; it names the {split} set: give "
            "source=FILE target=FILE instead"
        ) from error
    except UNREADABLE as error:
        raise ModelError(f"{path} is damaged: {' '.join(str(error).split())}") from error
    test = {split: None, **data}[split]
    if not isinstance(test, dict) or MISSING in test.values():
        raise ConfigurationError(f"{path} names no {split} set; give source=FILE target=FILE")
    check_stored(test, ("nmt.corpora", *trust), str(path))
    return from_corpus(instantiate(test))


def read(name: str) -> list[str]:
    """Read a file's lines as text.

    Raises:
        CorpusError: if the file cannot be read, or a line is not UTF-8.
    """
    return list(_texts(lines(name), name))


def _texts(found: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(found, start=1):
        yield _text(line, f"{name}:{number}")


def _text(line: bytes, place: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{place}: byte 0x{line[error.start]:02x} at {error.start + 1} is not UTF-8; "
            "save the file as UTF-8"
        ) from error
