"""Training of tokenizers with SentencePiece, and whether both languages share one vocabulary."""

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import ClassVar, Protocol, runtime_checkable

import sentencepiece

from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.data.text.cleaning import clean, clean_lines
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.runtime.errors import ConfigurationError, require
from nmt.runtime.out_of_memory import is_out_of_memory

SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
NORMALIZATIONS = ("nmt_nfkc", "nmt_nfkc_cf", "nfkc", "nfkc_cf", "identity")
MAX_BYTES = 1 << 20  # of a line; SentencePiece skips longer ones, so this exceeds all of them
SEED = 1  # of the sampled lines
TOO_LARGE = re.compile(r"size too high \((\d+)\).*<= (\d+)")
TOO_SMALL = re.compile(r"smaller than required_chars\. (\d+) vs (\d+)")

SentencePairs = Callable[[], Iterable[tuple[str, str]]]
"""Starts reading the source and target sentences of the training split."""


@dataclass(frozen=True)
class SubwordTrainer:
    """The settings of SentencePiece common to all methods; the same text gives the same model.

    Attributes:
        size: of the vocabulary in pieces, the four special ones and `symbols` included.
        character_coverage: share of the text's characters that get a piece; 0.98 to 1.
        symbols: strings that are always one piece, such as tags.
        byte_fallback: spell characters without a piece in bytes instead of as UNKNOWN.
        normalization: `nmt_nfkc` (unifies compatible characters and spaces), `nmt_nfkc_cf` (also
            folds case), `nfkc`, `nfkc_cf`, or `identity`.
        max_lines: lines sampled from the text if it has more; bounds the memory.
        threads: of training; another number may give another model, since it rounds differently.
    """

    size: int
    character_coverage: float
    symbols: Sequence[str]
    byte_fallback: bool
    normalization: str
    max_lines: int
    threads: int

    method: ClassVar[str]

    def __post_init__(self) -> None:
        """Validate the values that SentencePiece would accept, or reject without naming a key."""
        _require(0.98 <= self.character_coverage <= 1, self, "character_coverage", "0.98 to 1")
        known = f"one of {', '.join(NORMALIZATIONS)}"
        _require(self.normalization in NORMALIZATIONS, self, "normalization", known)
        _require(self.max_lines >= 1, self, "max_lines", "1 or more")
        least = len(SPECIAL_PIECES)
        _require(self.size > least, self, "size", f"more than {least}")
        allowed = all(symbol and symbol not in SPECIAL_PIECES for symbol in self.symbols)
        distinct = len(set(self.symbols)) == len(self.symbols)
        expected = "distinct strings, neither empty nor special pieces"
        _require(allowed and distinct, self, "symbols", expected)
        matching = all(" " not in symbol and clean(symbol) == symbol for symbol in self.symbols)
        expected = "symbols without spaces and invisible characters, as such ones never match"
        _require(matching, self, "symbols", expected)

    def train(self, lines: Iterable[str]) -> Tokenizer:
        """Train a tokenizer.

        Args:
            lines: text; all of it is read before the training starts.

        Raises:
            ConfigurationError: if the settings do not fit the text; names a key and a value that
                fits.
        """
        model = io.BytesIO()
        try:
            self._train(_consume(_sample(lines, self.max_lines)), model)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise ConfigurationError(_explain(str(error))) from error
        return Tokenizer.from_bytes(model.getvalue())

    def _train(self, lines: Iterator[str], model: io.BytesIO) -> None:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type=self.method,
            vocab_size=self.size,
            character_coverage=self.character_coverage,
            user_defined_symbols=list(self.symbols),
            byte_fallback=self.byte_fallback,
            normalization_rule_name=self.normalization,
            num_threads=self.threads,
            max_sentence_length=MAX_BYTES,
            train_extremely_large_corpus=False,
            pad_id=PADDING,
            unk_id=UNKNOWN,
            bos_id=BEGIN,
            eos_id=END,
            unk_surface="⁇",
            minloglevel=2,
        )


@dataclass(frozen=True)
class UnigramTrainer(SubwordTrainer):
    """Pieces that maximize the likelihood of the text under a unigram model (Kudo, 2018)."""

    method: ClassVar[str] = "unigram"


@dataclass(frozen=True)
class BPETrainer(SubwordTrainer):
    """Pieces from merging the most frequent pairs (Sennrich, Haddow and Birch, 2016)."""

    method: ClassVar[str] = "bpe"


@runtime_checkable
class Vocabulary(Protocol):
    """Whether the languages share a vocabulary."""

    def __call__(self, trainer: SubwordTrainer, pairs: SentencePairs) -> Tokenizers:
        """Return the tokenizers of both languages, trained on the pairs where needed."""
        ...


@dataclass(frozen=True)
class JointVocabulary(Vocabulary):
    """One vocabulary, trained on both languages together: right where they share words."""

    def __call__(self, trainer: SubwordTrainer, pairs: SentencePairs) -> Tokenizers:
        """Train one tokenizer, reading the pairs once."""
        tokenizer = trainer.train(line for pair in pairs() for line in pair)
        return Tokenizers(tokenizer, tokenizer)


@dataclass(frozen=True)
class SeparateVocabularies(Vocabulary):
    """A vocabulary of `size` pieces for each language: right for two scripts."""

    def __call__(self, trainer: SubwordTrainer, pairs: SentencePairs) -> Tokenizers:
        """Train two tokenizers, reading the pairs twice."""
        source = trainer.train(source for source, _ in pairs())
        return Tokenizers(source, trainer.train(target for _, target in pairs()))


@dataclass(frozen=True)
class ExistingVocabulary(Vocabulary):
    """The tokenizers of a trained model, for another model that must have the same pieces.

    Attributes:
        run: folder of the model.
        digest: SHA-256 of the tokenizers, so that other ones give the prepared folder another name.

    Raises:
        ModelError: if the folder has no valid tokenizers.
    """

    run: str = field(metadata={"location": True})
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Read the tokenizers and compute their digest."""
        loaded = self._load()
        data = loaded.source.data if loaded.joint else loaded.source.data + loaded.target.data
        object.__setattr__(self, "digest", hashlib.sha256(data).hexdigest())

    def __call__(self, trainer: SubwordTrainer, pairs: SentencePairs) -> Tokenizers:
        """Return the tokenizers of the model; nothing is trained."""
        return self._load()

    def _load(self) -> Tokenizers:
        return Tokenizers.load(Path(self.run))


def _sample(lines: Iterable[str], count: int) -> list[str]:
    """Return `count` lines, sampled uniformly (Vitter, 1985, algorithm R), and clean.

    SentencePiece samples lines too, but seeds its generator with the process id as well.
    """
    bits = Random(SEED).getrandbits
    rest = iter(lines)
    sample = list(islice(rest, count))
    for number, line in enumerate(rest, len(sample) + 1):
        # Equals `randrange(number)`, in half the time.
        length = number.bit_length()
        while (row := bits(length)) >= number:
            pass
        if row < count:
            sample[row] = line
    return clean_lines(sample)


def _consume(lines: list[str]) -> Iterator[str]:
    """Yield the lines from the last to the first, and free each; runs no Python code.

    SentencePiece calls the iterator from C++, where an exception, such as one raised by the
    handler of a signal, would come out as a RuntimeError of SentencePiece.
    """
    stack: list[str | None] = [None, *lines]
    return iter(stack.pop, None)


def _require(holds: bool, trainer: SubwordTrainer, key: str, expected: str) -> None:
    require(holds, f"tokenizer.{key}", getattr(trainer, key), expected)


def _explain(message: str) -> str:
    if match := TOO_LARGE.search(message):
        size, largest = match.groups()
        return (
            f"tokenizer.size={size} is too large: this text has at most {largest} pieces; "
            f"set tokenizer.size={largest} or less"
        )
    if match := TOO_SMALL.search(message):
        size, least = match.groups()
        return (
            f"tokenizer.size={size} is too small: the single characters alone need {least}; "
            f"set tokenizer.size={least} or more, or a smaller tokenizer.character_coverage"
        )
    if "sentences_.empty()" in message or "all_chars_count" in message:
        return "the tokenizer cannot be trained: the train split has no text"
    return f"SentencePiece cannot train with the settings under tokenizer: {message}"
