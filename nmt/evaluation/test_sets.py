"""Test sets in memory: from files, from a corpus, or from the configuration of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.config.instantiate import instantiate
from nmt.data.corpora.corpus import Corpus, InvalidPair, read_lines
from nmt.data.corpora.plain import PlainCorpus
from nmt.inspection.data_config import MISSING, TRAINING, corpus_node
from nmt.inspection.trusted import check_trusted
from nmt.runtime.errors import CorpusError


@dataclass(frozen=True)
class EvaluationSet:
    """A test set.

    Attributes:
        files: where it was read, for the report.
        source: lines to translate; None if there are only references.
        target: references, one for each line.
        others: further references, each as long as `target`.
    """

    files: tuple[str, ...]
    source: Sequence[str] | None
    target: Sequence[str]
    others: Sequence[Sequence[str]] = ()


def from_corpus(corpus: Corpus) -> EvaluationSet:
    """Read all pairs; unlike preparation for training, leave none out.

    Raises:
        CorpusError: if something is not a pair of lines of text; names file and line.
    """
    source, target = [], []
    for pair in corpus:
        if isinstance(pair, InvalidPair):
            raise CorpusError(
                f"{pair.location}: {pair.reason}: {pair.detail}; no line may be left out here:"
                " correct it, or give other files by source= and target="
            )
        source.append(_text(pair.source, pair.source_location))
        target.append(_text(pair.target, pair.target_location))
    return EvaluationSet(corpus.files(), source, target)


def from_files(source: str | None, target: str, *others: str) -> EvaluationSet:
    """Read a test set from plain text, or only its references.

    Args:
        source: lines to translate.
        target: references.
        others: further references of the same lines.

    Raises:
        CorpusError: if a file cannot be read, or their numbers of lines differ.
    """
    if source is None:
        first = EvaluationSet((target,), None, read(target))
    else:
        first = from_corpus(PlainCorpus(source, target))
    references = tuple(map(read, others))
    for name, lines in zip(others, references, strict=True):
        if len(lines) != len(first.target):
            raise CorpusError(
                f"{target} has {len(first.target)} lines but {name} has {len(lines)}; expected a"
                " reference for each line"
            )
    return EvaluationSet((*first.files, *others), first.source, first.target, references)


def from_data(data: Mapping[str, Any]) -> EvaluationSet | None:
    """Read the test set of a training's node `data`; None if it names none.

    Raises:
        CorpusError: if it cannot be read.
    """
    node = data.get("test")
    return None if node is None or MISSING in node.values() else from_corpus(instantiate(node))


def from_run(run: Path, trust: Sequence[str], split: str) -> EvaluationSet:
    """Read the test set, or another split, that is configured in a run.

    Raises:
        ModelError: if the run's configuration is missing, or names a class that is not trusted.
        ConfigurationError: if it has no such split.
        CorpusError: if the split cannot be read.
    """
    node = corpus_node(run, trust, split)
    check_trusted(node, trust, str(run / TRAINING))
    return from_corpus(instantiate(node))


def read(name: str) -> list[str]:
    """Read the lines of a file as text.

    Raises:
        CorpusError: if the file cannot be read, or a line is not UTF-8.
    """
    return [_text(line, f"{name}:{number}") for number, line in enumerate(read_lines(name), 1)]


def _text(line: bytes, location: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{location}: byte 0x{line[error.start]:02x} at {error.start + 1} is not UTF-8; "
            "save the file as UTF-8"
        ) from error
