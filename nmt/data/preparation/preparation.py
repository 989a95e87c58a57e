"""Preparation of a corpus for training: tokenizers, shards, lexicon and report in one folder.

The folder's name has a digest of the text and of all settings that matter, so that changed text or
settings make another folder, and no folder is ever out of date. It is staged and then renamed, with
the checksums of all its files, so that no incomplete folder is ever read; a second process that
prepares the same waits for the first. A damaged folder is moved aside and made again from the text.
"""

import dataclasses
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt.data.corpora.corpus import Corpus, unreadable
from nmt.data.corpora.filters import Filter, FilterCounts, read_pairs
from nmt.data.lexicon import lexicon
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.preparation.encoding import empty_split, encode
from nmt.data.preparation.report import PreparationReport
from nmt.data.preparation.shards import Shards
from nmt.data.text import text_files
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.tokenization.training import SubwordTrainer, Vocabulary
from nmt.inspection import lexicon as inspected_lexicon
from nmt.inspection import sentencepiece
from nmt.runtime import atomic_files, checksums, cpus, staged_folder
from nmt.runtime.errors import DamagedError, ModelError, NmtError

log = logging.getLogger(__name__)

FORMAT = 3
"""Of the folder, part of the digest: a new format makes new folders, and old ones are unused."""

REPORT = "report.json"

MAX_BYTES = {
    REPORT: 1 << 24,
    lexicon.NAME: inspected_lexicon.MAX_BYTES,
    sentencepiece.JOINT: sentencepiece.MAX_BYTES,
    sentencepiece.SOURCE: sentencepiece.MAX_BYTES,
    sentencepiece.TARGET: sentencepiece.MAX_BYTES,
}
"""Files that are held in memory, with the bytes that they have at most."""

SHARDS_PER_TEXT = 1.5  # size of shards to that of their text; thrice as much to packed text


@dataclass(frozen=True)
class PreparedCorpus:
    """A prepared corpus.

    Attributes:
        folder: of all its files.
        tokenizers: of both languages.
        train: the training pairs.
        valid: the validation pairs.
        report: counts of pairs read, kept and skipped.
    """

    folder: Path
    tokenizers: Tokenizers
    train: Shards
    valid: Shards
    report: PreparationReport

    @classmethod
    def load(cls, folder: Path) -> "PreparedCorpus":
        """Map a folder that `Preparation` made, after all its files are verified.

        Raises:
            DamagedError: if a file is missing, altered, or not what such a folder holds.
            NmtError: if a file may not be read.
        """
        _check_sizes(folder)
        checksums.verify(folder)
        report = PreparationReport.load(folder / REPORT)
        try:
            tokenizers = Tokenizers.load(folder)
            sizes = tokenizers.source.size, tokenizers.target.size
            TranslationLexicon.load(folder / lexicon.NAME, *sizes)
        except ModelError as error:
            raise DamagedError(str(error), folder) from error
        if sizes != (report.source_pieces, report.target_pieces):
            raise DamagedError(f"{folder} is damaged: its report has other vocabularies", folder)
        train, valid = Shards(folder, "train"), Shards(folder, "valid")
        for name, shards in (("train", train), ("valid", valid)):
            shards.check_ids(*sizes, folder)
            if len(shards) != report.splits[name].kept:
                message = f"{folder} is damaged: {len(shards)} pairs of {name}, by its report "
                raise DamagedError(f"{message}{report.splits[name].kept}", folder)
        return cls(folder, tokenizers, train, valid, report)

    def lexicon(self) -> bytes:
        """Return the content of the lexicon's file.

        Raises:
            NmtError: if it may not be read.
        """
        path = self.folder / lexicon.NAME
        try:
            return path.read_bytes()
        except OSError as error:
            raise NmtError(f"{path} cannot be read: {error.strerror or error}") from error


def _check_sizes(folder: Path) -> None:
    """Check that the files that are held in memory are no larger than they can be.

    Raises:
        DamagedError: if one is.
    """
    for name, limit in MAX_BYTES.items():
        with suppress(OSError):  # What cannot be read is reported when it is verified.
            if (size := (folder / name).lstat().st_size) > limit:
                message = f"{folder / name} has {size} bytes; expected at most {limit}"
                raise DamagedError(message, folder)


@dataclass(frozen=True)
class Preparation:
    """All settings of a preparation; called, it returns the prepared corpus.

    Attributes:
        name: of the corpus, with which the folder's name begins.
        train: the training pairs.
        valid: the validation pairs.
        pair_filter: handles invalid pairs.
        trainer: of the tokenizers.
        vocabulary: whether the languages share one.
    """

    name: str
    train: Corpus
    valid: Corpus
    pair_filter: Filter
    trainer: SubwordTrainer
    vocabulary: Vocabulary

    def __call__(self, root: Path, processes: int = 1) -> PreparedCorpus:
        """Return the corpus, prepared in a folder below `root` now or earlier.

        Args:
            root: folder of prepared folders.
            processes: that encode; the result is the same for any number.

        Raises:
            CorpusError: if the corpus cannot be read, or a split has no valid pair.
            ConfigurationError: if a tokenizer cannot be trained with these settings.
            NmtError: if the folder cannot be written, or is damaged and cannot be moved aside.
        """
        digest = self.digest()
        folder = root / f"{self.name}-{digest[:12]}"
        staged_folder.remove_abandoned(root)
        prepared = _load_existing(folder, digest)
        if prepared is None:
            files = (*self.train.files(), *self.valid.files())
            needed = sum(map(_shard_bytes, files))
            staged_folder.build(folder, needed, lambda empty: self._fill(empty, digest, processes))
            prepared = PreparedCorpus.load(folder)
            _warn_of_changes(folder)
        prepared.report.log()
        return prepared

    def settings(self) -> dict[str, Any]:
        """Return all on which the result depends besides the text, as plain values."""
        return {
            "format": FORMAT,
            "train": type(self.train).__name__,
            "valid": type(self.valid).__name__,
            "filter": _plain(self.pair_filter),
            "tokenizer": _plain(self.trainer),
            "vocabulary": _plain(self.vocabulary),
        }

    def digest(self) -> str:
        """Return the SHA-256 of settings and text, in hexadecimal digits.

        Raises:
            CorpusError: if a file cannot be read.
        """
        settings = json.dumps(self.settings(), sort_keys=True)
        total = hashlib.sha256(settings.encode())
        files = [("train", name) for name in self.train.files()]
        files += [("valid", name) for name in self.valid.files()]
        values = cpus.map_in_threads(_checksum, [name for _, name in files])
        for (split, name), value in zip(files, values, strict=True):
            total.update(f"\n{split} {Path(name).suffix} {value}".encode())
        return total.hexdigest()

    def _fill(self, folder: Path, digest: str, processes: int) -> None:
        log.info("preparing %s: training the tokenizer", self.name)
        tokenizers = self.vocabulary(self.trainer, self._training_pairs)
        tokenizers.save(folder)
        splits = {}
        for name, corpus in (("train", self.train), ("valid", self.valid)):
            log.info("preparing %s: encoding %s", self.name, name)
            splits[name] = encode(corpus, self.pair_filter, tokenizers, folder, name, processes)
        atomic_files.write(folder / lexicon.NAME, _lexicon(Shards(folder, "train"), tokenizers))
        sizes = tokenizers.source.size, tokenizers.target.size
        PreparationReport(digest, self.settings(), *sizes, splits).save(folder / REPORT)
        checksums.write_all(folder)

    def _training_pairs(self) -> Iterator[tuple[str, str]]:
        counts = FilterCounts()
        empty = True
        for pair in read_pairs(self.train, self.pair_filter, counts):
            empty = False
            yield pair
        if empty:
            raise empty_split("train", self.train, counts)


def _lexicon(train: Shards, tokenizers: Tokenizers) -> bytes:
    rows = lexicon.sample_rows(train.source_lengths, train.target_lengths)
    log.info("learning a lexicon from %d of %d pairs", len(rows), len(train))
    sources, targets = train.sources(rows), train.targets(rows)
    sizes = tokenizers.source.size, tokenizers.target.size
    return TranslationLexicon.learn(sources, targets, *sizes).to_bytes()


def _load_existing(folder: Path, digest: str) -> PreparedCorpus | None:
    """Load the folder if it exists, unless it is damaged: then move it aside."""
    if not folder.exists():
        return None
    try:
        prepared = PreparedCorpus.load(folder)
        if prepared.report.digest != digest:
            raise DamagedError(f"{folder} was made from other text (by its report)", folder)
    except DamagedError as damage:
        _move_aside(folder, damage)
        return None
    log.info("text and settings are those of %s", folder)
    return prepared


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.damaged")


def _move_aside(folder: Path, damage: DamagedError) -> None:
    aside = _aside(folder)
    if aside.exists():
        raise NmtError(f"{damage.what}, and {aside} exists from before; delete one of the two")
    try:
        folder.rename(aside)
    except FileNotFoundError:  # Another process was faster.
        return
    except OSError as error:
        reason = error.strerror or error
        raise NmtError(f"{damage.what}, and it cannot be moved to {aside}: {reason}") from error
    log.warning("%s; it is made again from the text, and kept as %s", damage.what, aside)


def _warn_of_changes(folder: Path) -> None:
    """Log which files differ from the intact ones of the folder that was damaged, if any."""
    aside = _aside(folder)
    with suppress(OSError, NmtError):
        before, now = checksums.read(aside), checksums.read(folder)
        intact = set(before) - set(checksums.altered(aside, before))
        if changed := sorted(name for name in intact if before[name] != now.get(name)):
            log.warning(
                "%s was made again, but %s differs from that in %s, as other versions of packages"
                " may cause; models that were trained on the old files may not fit",
                folder,
                ", ".join(changed),
                aside,
            )


def _plain(settings: Any) -> dict[str, Any]:
    """Return a dataclass's values, without those that are only locations."""
    return {
        "class": type(settings).__name__,
        **{
            field.name: json.loads(json.dumps(getattr(settings, field.name), default=list))
            for field in dataclasses.fields(settings)
            if "location" not in field.metadata
        },
    }


def _checksum(name: str) -> str:
    try:
        text_files.check_readable_twice(name)
        return checksums.sha256_of(Path(name))
    except OSError as error:
        raise unreadable(name, error) from error


def _shard_bytes(name: str) -> int:
    """Estimate the size of a text file's shards."""
    size = Path(name).stat().st_size * SHARDS_PER_TEXT
    return round(size * 3 if text_files.is_packed(name) else size)
