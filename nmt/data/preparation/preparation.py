"""From a corpus to what training reads: tokenizers, shards, and a report, in a folder of their own.

The folder is named by a sum over the bytes of the text and all settings that matter, so text or
settings that changed make another folder, and what is there is never out of date. It is written
within a hidden folder, its workshop, and moved to its place when it is complete, with the sums of
all its files, so half of one is never read. Who is in a workshop holds its lock: a second process
waits for the first, and a workshop that was left is cleared by whoever comes next. A folder that
is damaged is put aside and made again: the text says all that it held.
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

from nmt.config.instantiate import instantiate
from nmt.data.corpora.corpus import Corpus
from nmt.data.corpora.filters import Filter, FilterCounts, read
from nmt.data.lexicon import lexicon
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.preparation.encoding import encode, nothing_left
from nmt.data.preparation.report import PreparationReport
from nmt.data.preparation.shards import Shards
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.tokenization.training import SubwordTrainer, Vocabulary
from nmt.runtime import atomic_files, checksums, cpus, staged_folder
from nmt.runtime.errors import CorpusError, DamagedError, ModelError, NmtError

log = logging.getLogger(__name__)

FORMAT = 1  # of the folder; another number makes another sum


@dataclass(frozen=True)
class PreparedCorpus:
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
    report: PreparationReport

    @classmethod
    def load(cls, folder: Path) -> "PreparedCorpus":
        """Map a folder that `Preparation` made, once all its files are checked.

        Raises:
            DamagedError: if something in it is missing, altered, or not what such a folder holds.
            NmtError: if it may not be read.
        """
        checksums.verify(folder)
        report = PreparationReport.load(folder / "report.json")
        try:
            tokenizers = Tokenizers.load(folder)
        except ModelError as error:
            raise DamagedError(str(error), folder) from error
        sizes = tokenizers.source.size, tokenizers.target.size
        if sizes != (report.source_pieces, report.target_pieces):
            raise DamagedError(f"{folder} is damaged: its report is of other pieces", folder)
        train, valid = Shards(folder, "train"), Shards(folder, "valid")
        for name, shards in (("train", train), ("valid", valid)):
            shards.check_ids(*sizes, folder)
            if len(shards) != report.splits[name].kept:
                what = f"{folder} is damaged: {len(shards)} pairs of {name}, the report says "
                raise DamagedError(f"{what}{report.splits[name].kept}", folder)
        return cls(folder, tokenizers, train, valid, report)

    def lexicon(self) -> bytes:
        """Give the bytes of the lexicon's file; a folder of an older version has none, so learn it.

        Raises:
            NmtError: if it may not be read.
        """
        path = self.folder / lexicon.NAME
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return _lexicon(self.train, self.tokenizers)
        except OSError as error:
            raise NmtError(f"{path} cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class Preparation:
    """All that decides what is prepared; called, it prepares, or finds what is there.

    Attributes:
        name: of the corpus; the folder's name begins with it.
        train: the pairs to learn from.
        valid: the pairs to validate on.
        pair_filter: what becomes of bad pairs.
        pieces: how pieces are learnt.
        vocabulary: whether the languages share them.
    """

    name: str
    train: Corpus
    valid: Corpus
    pair_filter: Filter
    pieces: SubwordTrainer
    vocabulary: Vocabulary

    def __call__(self, root: Path, processes: int = 1) -> PreparedCorpus:
        """Give the corpus, prepared in a folder below `root`.

        Args:
            root: folder of prepared folders.
            processes: that encode; what they make is the same for any number.

        Raises:
            CorpusError: if the text cannot be read as pairs, or nothing of it is left.
            ConfigurationError: if pieces cannot be learnt with these settings.
            NmtError: if the folder cannot be written, or is damaged and cannot be put aside.
        """
        digest = self.digest()
        folder = root / f"{self.name}-{digest[:12]}"
        staged_folder.remove_abandoned(root)
        prepared = _found(folder, digest)
        if prepared is None:
            self._make(folder, digest, processes)
            prepared = PreparedCorpus.load(folder)
            _compare(folder)
        prepared.report.log()
        return prepared

    def settings(self) -> dict[str, Any]:
        """Say in plain values what the result depends on beside the bytes of the text."""
        return {
            "format": FORMAT,
            "train": type(self.train).__name__,
            "valid": type(self.valid).__name__,
            "filter": _plain(self.pair_filter),
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
        named = [("train", name) for name in self.train.files()]
        named += [("valid", name) for name in self.valid.files()]
        found = cpus.map_in_threads(_file_sum, [name for _, name in named])
        for (split, name), one in zip(named, found, strict=True):
            total.update(f"\n{split} {Path(name).suffix} {one}".encode())
        return total.hexdigest()

    def _make(self, folder: Path, digest: str, processes: int) -> None:
        needed = sum(map(_room, (*self.train.files(), *self.valid.files())))
        staged_folder.build(folder, needed, lambda empty: self._fill(empty, digest, processes))

    def _fill(self, folder: Path, digest: str, processes: int) -> None:
        log.info("preparing %s: training the tokenizer", self.name)
        tokenizers = self.vocabulary(self.pieces, self._texts)
        tokenizers.save(folder)
        splits = {}
        for name, corpus in (("train", self.train), ("valid", self.valid)):
            log.info("preparing %s: encoding %s", self.name, name)
            splits[name] = encode(corpus, self.pair_filter, tokenizers, folder, name, processes)
        atomic_files.write(folder / lexicon.NAME, _lexicon(Shards(folder, "train"), tokenizers))
        sizes = tokenizers.source.size, tokenizers.target.size
        PreparationReport(digest, self.settings(), *sizes, splits).save(folder / "report.json")
        checksums.write_all(folder)

    def _texts(self) -> Iterator[tuple[str, str]]:
        tally = FilterCounts()
        empty = True
        for pair in read(self.train, self.pair_filter, tally):
            empty = False
            yield pair
        if empty:
            raise nothing_left("train", self.train, tally)


def prepared(config: Any) -> PreparedCorpus:
    """Prepare what a command's configuration asks for, or find it prepared.

    Args:
        config: with the nodes `data`, `pair_filter`, `tokenizer` and `vocabulary`, and the folder
            `prepared`.

    Raises:
        NmtError: what `Preparation` raises.
    """
    preparation = Preparation(
        config.data.name,
        instantiate(config.data.train),
        instantiate(config.data.valid),
        instantiate(config.filter),
        instantiate(config.tokenizer),
        instantiate(config.vocabulary),
    )
    asked = cpus.parse_count("preparation_workers", config.preparation_workers)
    return preparation(Path(config.prepared), asked or cpus.count())


def _lexicon(train: Shards, tokenizers: Tokenizers) -> bytes:
    rows = lexicon.sample(train.source_lengths, train.target_lengths)
    log.info("learning a lexicon from %d of %d pairs", len(rows), len(train))
    sources, targets = train.sources(rows), train.targets(rows)
    sizes = tokenizers.source.size, tokenizers.target.size
    return TranslationLexicon.learn(sources, targets, *sizes).data()


def _found(folder: Path, digest: str) -> PreparedCorpus | None:
    """Load what is there already, unless it is damaged: then put it aside."""
    if not folder.exists():
        return None
    try:
        prepared = PreparedCorpus.load(folder)
        if prepared.report.digest != digest:
            raise DamagedError(f"{folder} was made from other text (by its report)", folder)
    except DamagedError as damage:
        _put_aside(folder, damage)
        return None
    log.info("text and settings are those of %s", folder)
    return prepared


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.damaged")


def _compare(folder: Path) -> None:
    """Warn if a folder that was made again is not what it was before it was damaged."""
    aside = _aside(folder)
    with suppress(OSError):
        before, now = checksums.read(aside), checksums.read(folder)
        intact = set(before) - set(checksums.altered(aside, before))
        if changed := sorted(name for name in intact if before[name] != now.get(name)):
            log.warning(
                "%s was made again, but %s differs from that in %s, as other versions of packages "
                "do it; models that were trained on that may not fit",
                folder,
                ", ".join(changed),
                aside,
            )


def _put_aside(folder: Path, damage: DamagedError) -> None:
    aside = _aside(folder)
    if aside.exists():
        raise NmtError(f"{damage.what}, and {aside} is there from before; delete one of the two")
    try:
        folder.rename(aside)
    except FileNotFoundError:  # Another process was faster.
        return
    except OSError as error:
        reason = error.strerror or error
        raise NmtError(f"{damage.what}, and it cannot be moved to {aside}: {reason}") from error
    log.warning("%s; it is made again from the text, and kept as %s", damage.what, aside)


def _plain(thing: Any) -> dict[str, Any]:
    """Give a dataclass's values, without those that say where something lies."""
    return {
        "class": type(thing).__name__,
        **{
            field.name: json.loads(json.dumps(getattr(thing, field.name), default=list))
            for field in dataclasses.fields(thing)
            if "location" not in field.metadata
        },
    }


def _file_sum(name: str) -> str:
    try:
        return checksums.sha256_of(Path(name))
    except FileNotFoundError as error:
        raise CorpusError(
            f"{name} does not exist; correct its name, in the command or under data"
        ) from error
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror or error}") from error


def _room(name: str) -> int:
    """Estimate what the lines of a text file take in shards: some 1.5 times the text."""
    size = Path(name).stat().st_size
    return round(size * (4.5 if name.endswith(".gz") else 1.5))
