"""How pieces are learnt from text, and whether both languages share them."""

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
from nmt.data.tokenization.tokenizer import Tokenizer, Tokenizers
from nmt.runtime.errors import ConfigurationError, NmtError

SPECIAL_PIECES = ("<pad>", "<unk>", "<s>", "</s>")
NORMALIZATIONS = ("nmt_nfkc", "nmt_nfkc_cf", "nfkc", "nfkc_cf", "identity")
MAX_BYTES = 1 << 20  # a line; SentencePiece passes over longer ones, so no line may be longer
SEED = 1  # of the lines that are drawn
TOO_LARGE = re.compile(r"size too high \((\d+)\).*<= (\d+)")
TOO_SMALL = re.compile(r"smaller than required_chars\. (\d+) vs (\d+)")

Texts = Callable[[], Iterable[tuple[str, str]]]
"""Starts reading the source and target sentences to learn from."""


@dataclass(frozen=True)
class SubwordTrainer:
    """What SentencePiece is told in either method; the same text gives the same model.

    Attributes:
        size: pieces, the four special ones and `symbols` included.
        character_coverage: the share of the text's characters that get a piece; 0.98 to 1.
        symbols: strings that are always one piece, such as tags.
        byte_fallback: whether characters without a piece are spelt in bytes instead of UNKNOWN.
        normalization: `nmt_nfkc` (compatible characters and spaces made one), its `_cf`
            (folds case), `nfkc`, `nfkc_cf`, or `identity`.
        max_lines: lines drawn from the text if it has more; bounds the memory.
        threads: threads of training; sums are rounded by them, so another number may give
            another model.
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
        """Refuse what SentencePiece would take without a word, or refuse without a name."""
        if not 0.98 <= self.character_coverage <= 1:
            _refuse("character_coverage", self.character_coverage, "0.98 to 1")
        if self.normalization not in NORMALIZATIONS:
            _refuse("normalization", self.normalization, f"one of {', '.join(NORMALIZATIONS)}")
        if self.max_lines < 1:
            _refuse("max_lines", self.max_lines, "1 or more")
        if self.size <= len(SPECIAL_PIECES):
            _refuse("size", self.size, f"more than {len(SPECIAL_PIECES)}")
        for symbol in self.symbols:
            if symbol in SPECIAL_PIECES or list(self.symbols).count(symbol) > 1 or not symbol:
                _refuse("symbols", symbol, "each once, not empty, and no special piece")

    def train(self, lines: Iterable[str]) -> Tokenizer:
        """Learn the pieces of these lines.

        Raises:
            ConfigurationError: if the numbers do not fit the text; names the key and a value.
            NmtError: what reading the lines raises.
        """
        failures: list[Exception] = []
        file = io.BytesIO()
        try:
            self._train(_drawn(_remembering(lines, failures), self.max_lines), file)
        except RuntimeError as error:
            if failures:
                raise failures[0] from None
            raise ConfigurationError(_explanation(str(error))) from error
        return Tokenizer.from_bytes(file.getvalue())

    def _train(self, lines: Iterator[str], file: io.BytesIO) -> None:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=file,
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
    """Pieces that make the text probable under a unigram language model (Kudo, 2018)."""

    method: ClassVar[str] = "unigram"


@dataclass(frozen=True)
class BPETrainer(SubwordTrainer):
    """Pieces from merging the most frequent neighbours (Sennrich, Haddow and Birch, 2016)."""

    method: ClassVar[str] = "bpe"


@runtime_checkable
class Vocabulary(Protocol):
    """Whether the languages share their pieces."""

    def __call__(self, pieces: SubwordTrainer, texts: Texts) -> Tokenizers:
        """Learn the pieces of both languages from the text."""
        ...


@dataclass(frozen=True)
class JointVocabulary(Vocabulary):
    """One set of pieces, learnt from both languages together: right where they share words."""

    def __call__(self, pieces: SubwordTrainer, texts: Texts) -> Tokenizers:
        """Read the text once."""
        tokenizer = pieces.train(line for pair in texts() for line in pair)
        return Tokenizers(tokenizer, tokenizer)


@dataclass(frozen=True)
class SeparateVocabularies(Vocabulary):
    """Each language has its own pieces, `size` for each: right for two scripts."""

    def __call__(self, pieces: SubwordTrainer, texts: Texts) -> Tokenizers:
        """Read the text twice."""
        source = pieces.train(source for source, _ in texts())
        return Tokenizers(source, pieces.train(target for _, target in texts()))


@dataclass(frozen=True)
class ExistingVocabulary(Vocabulary):
    """The pieces of a trained model, so that another model on other text has the same.

    Attributes:
        run: folder of the model.
        digest: SHA-256 of the pieces, so that what is prepared with others has another name.

    Raises:
        ModelError: if there are none.
    """

    run: str = field(metadata={"place": True})
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Read them once to name them."""
        found = self._load()
        data = found.source.data if found.joint else found.source.data + found.target.data
        object.__setattr__(self, "digest", hashlib.sha256(data).hexdigest())

    def __call__(self, pieces: SubwordTrainer, texts: Texts) -> Tokenizers:
        """Give them; nothing is learnt."""
        return self._load()

    def _load(self) -> Tokenizers:
        return Tokenizers.load(Path(self.run))


def _remembering(lines: Iterable[str], failures: list[Exception]) -> Iterator[str]:
    # SentencePiece wraps what its iterator raises into a text of its own.
    try:
        for line in lines:
            yield line.replace("\t", " ")
    except NmtError as failure:
        failures.append(failure)
        raise


def _drawn(lines: Iterator[str], count: int) -> Iterator[str]:
    """Draw `count` lines evenly (Vitter, 1985, algorithm R).

    SentencePiece could, but mixes its seed with a number of the process.
    """
    draw = Random(SEED).getrandbits
    held = list(islice(lines, count))
    for number, line in enumerate(lines, len(held) + 1):
        # What `randrange(number)` does, in half the time.
        bits = number.bit_length()
        while (place := draw(bits)) >= number:
            pass
        if place < count:
            held[place] = line
    while held:
        yield held.pop()


def _refuse(key: str, value: object, expected: str) -> None:
    raise ConfigurationError(f"tokenizer.{key}={value} is out of range; expected {expected}")


def _explanation(message: str) -> str:
    if found := TOO_LARGE.search(message):
        size, largest = found.groups()
        return (
            f"tokenizer.size={size} is too large: this text has at most {largest} pieces; "
            f"set tokenizer.size={largest} or less"
        )
    if found := TOO_SMALL.search(message):
        size, least = found.groups()
        return (
            f"tokenizer.size={size} is too small: the single characters alone need {least}; "
            f"set tokenizer.size={least} or more, or a smaller tokenizer.character_coverage"
        )
    if "sentences_.empty()" in message or "all_chars_count" in message:
        return "the tokenizer cannot be trained: the train split has no text"
    return f"SentencePiece cannot be trained with the settings under tokenizer: {message}"
