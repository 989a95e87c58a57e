"""Test sets in memory: from files, from a corpus, or the one that a run's training names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.config.instantiate import instantiate
from nmt.data.corpora.corpus import Corpus, InvalidPair, read_lines
from nmt.data.corpora.plain import PlainCorpus
from nmt.inspection.data_config import MISSING, TRAINING, corpus_node
from nmt.inspection.trusted import check_trusted
from nmt.runtime.errors import CorpusError

__all__ = ["MISSING", "TRAINING", "EvaluationSet", "from_corpus", "from_files", "from_run", "read"]


@dataclass(frozen=True)
class EvaluationSet:
    """A test set.

    Attributes:
        files: where it was read, for the report.
        source: lines to translate; None where only references are known.
        target: references, one for each line.
    """

    files: tuple[str, ...]
    source: Sequence[str] | None
    target: Sequence[str]


def from_corpus(corpus: Corpus) -> EvaluationSet:
    """Read all pairs; unlike a training, this leaves nothing out.

    Raises:
        CorpusError: if something cannot be read as a pair of lines of text; names file and line.
    """
    source, target = [], []
    for pair in corpus:
        if isinstance(pair, InvalidPair):
            raise CorpusError(
                f"{pair.location}: {pair.reason}: {pair.detail}; here no line is left out, as a"
                " training may: mend it, or name other files by source= and target="
            )
        source.append(_text(pair.source, pair.source_location))
        target.append(_text(pair.target, pair.target_location))
    return EvaluationSet(corpus.files(), source, target)


def from_files(source: str | None, target: str) -> EvaluationSet:
    """Read a test set from plain text, or only its references.

    Raises:
        CorpusError: if a file cannot be read, or their numbers of lines differ.
    """
    if source is None:
        return EvaluationSet((target,), None, read(target))
    return from_corpus(PlainCorpus(source, target))


def from_run(run: Path, trust: Sequence[str], split: str) -> EvaluationSet:
    """Read the test set, or another split, that a run's training was told of.

    Raises:
        ModelError: if the run's configuration is missing, or names what it may not name.
        ConfigurationError: if it names no such set.
        CorpusError: if the set cannot be read.
    """
    found = corpus_node(run, trust, split)
    check_trusted(found, trust, str(run / TRAINING))
    return from_corpus(instantiate(found))


def read(name: str) -> list[str]:
    """Read a file's lines as text.

    Raises:
        CorpusError: if the file cannot be read, or a line is not UTF-8.
    """
    return list(_texts(read_lines(name), name))


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
