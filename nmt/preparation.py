"""From a corpus to what training reads: tokenizers, shards, and a report, in a folder of their own.

The folder is named by a sum over the bytes of the text and all settings that matter, so text or
settings that changed make another folder, and what is there is never out of date. It is written
under another name and renamed when it is complete: half of one is never read, and of two
processes that prepare the same at once the second finds the first one's.
"""

import dataclasses
import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.build import instantiate
from nmt.corpora.corpus import Corpus
from nmt.corpora.policy import Policy, Tally, read
from nmt.encoding import encode, nothing_left
from nmt.errors import CorpusError, NmtError
from nmt.pieces import Pieces, Vocabulary
from nmt.report import Report
from nmt.shards import Shards
from nmt.tokenizer import Tokenizers

log = logging.getLogger(__name__)

FORMAT = 1  # of the folder; another number makes another sum


@dataclass(frozen=True)
class Prepared:
    """A prepared corpus.

    Attributes:
        folder: where it lies.
        tokenizers: of both languages.
        train: the pairs to learn from.
        valid: the pairs to validate on.
        report: what was read, kept and left out.
    """

    folder: Path
    tokenizers: Tokenizers
    train: Shards
    valid: Shards
    report: Report

    @classmethod
    def load(cls, folder: Path) -> "Prepared":
        """Map a folder that `Preparation` made.

        Raises:
            NmtError: if something in it is missing or damaged.
        """
        report = Report.load(folder / "report.json")
        train, valid = Shards(folder, "train"), Shards(folder, "valid")
        for name, shards in (("train", train), ("valid", valid)):
            if len(shards) != report.splits[name].kept:
                raise NmtError(
                    f"{folder} is damaged: {len(shards)} pairs of {name}, the report says "
                    f"{report.splits[name].kept}; delete it, it is made again"
                )
        return cls(folder, Tokenizers.load(folder), train, valid, report)


@dataclass(frozen=True)
class Preparation:
    """All that decides what is prepared; called, it prepares, or finds what is there.

    Attributes:
        name: of the corpus; the folder's name begins with it.
        train: the pairs to learn from.
        valid: the pairs to validate on.
        policy: what becomes of bad pairs.
        pieces: how pieces are learnt.
        vocabulary: whether the languages share them.
    """

    name: str
    train: Corpus
    valid: Corpus
    policy: Policy
    pieces: Pieces
    vocabulary: Vocabulary

    def __call__(self, root: Path) -> Prepared:
        """Give the corpus, prepared in a folder below `root`.

        Raises:
            CorpusError: if the text cannot be read as pairs, or nothing of it is left.
            ConfigurationError: if pieces cannot be learnt with these settings.
            NmtError: if the folder cannot be written or is damaged.
        """
        digest = self.digest()
        folder = root / f"{self.name}-{digest[:12]}"
        if folder.exists():
            log.info("text and settings are those of %s", folder)
        else:
            self._make(folder, digest)
        prepared = Prepared.load(folder)
        prepared.report.log()
        return prepared

    def settings(self) -> dict[str, Any]:
        """Say in plain values what the result depends on beside the bytes of the text."""
        return {
            "format": FORMAT,
            "train": type(self.train).__name__,
            "valid": type(self.valid).__name__,
            "policy": _plain(self.policy),
            "tokenizer": _plain(self.pieces),
            "vocabulary": _plain(self.vocabulary),
        }

    def digest(self) -> str:
        """Give the SHA-256 of settings and text, as hexadecimal digits.

        Raises:
            CorpusError: if a file cannot be read.
        """
        settings = json.dumps(self.settings(), sort_keys=True)
        total = hashlib.sha256(settings.encode())
        for split, corpus in (("train", self.train), ("valid", self.valid)):
            for name in corpus.files():
                total.update(f"\n{split} {Path(name).suffix} {_file_sum(name)}".encode())
        return total.hexdigest()

    def _make(self, folder: Path, digest: str) -> None:
        unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            unfinished.mkdir(parents=True)
            self._fill(unfinished, digest)
            _flush(unfinished)
            unfinished.rename(folder)
        except OSError as error:
            # The other of two processes was faster: its folder holds the same.
            if not folder.exists():
                reason = error.strerror or error
                raise NmtError(f"{folder} cannot be written: {reason}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _fill(self, folder: Path, digest: str) -> None:
        log.info("preparing %s: learning pieces", self.name)
        tokenizers = self.vocabulary(self.pieces, self._texts)
        tokenizers.save(folder)
        splits = {}
        for name, corpus in (("train", self.train), ("valid", self.valid)):
            log.info("preparing %s: encoding %s", self.name, name)
            splits[name] = encode(corpus, self.policy, tokenizers, folder, name)
        sizes = tokenizers.source.size, tokenizers.target.size
        Report(digest, self.settings(), *sizes, splits).save(folder / "report.json")

    def _texts(self) -> Iterator[tuple[str, str]]:
        tally = Tally()
        empty = True
        for pair in read(self.train, self.policy, tally):
            empty = False
            yield pair.source, pair.target
        if empty:
            raise nothing_left("train", self.train, tally)


def prepared(config: Any) -> Prepared:
    """Prepare what a command's configuration asks for, or find it prepared.

    Args:
        config: with the nodes `data`, `policy`, `tokenizer` and `vocabulary`, and the folder
            `prepared`.

    Raises:
        NmtError: what `Preparation` raises.
    """
    preparation = Preparation(
        config.data.name,
        instantiate(config.data.train),
        instantiate(config.data.valid),
        instantiate(config.policy),
        instantiate(config.tokenizer),
        instantiate(config.vocabulary),
    )
    return preparation(Path(config.prepared))


def _plain(thing: Any) -> dict[str, Any]:
    """Give a dataclass's values, without those that say where something lies."""
    return {
        "class": type(thing).__name__,
        **{
            field.name: json.loads(json.dumps(getattr(thing, field.name), default=list))
            for field in dataclasses.fields(thing)
            if "place" not in field.metadata
        },
    }


def _file_sum(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise CorpusError(
            f"{name} does not exist; the configuration names it under data"
        ) from error
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror or error}") from error


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
