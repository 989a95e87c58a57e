"""Text to ids of pieces and back, by SentencePiece (Kudo and Richardson, 2018): raw in, raw out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import sentencepiece

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.data.tokenization.sampling.bpe import BPESampler
from nmt.data.tokenization.sampling.sampler import SPACE, Inventory, Sampler
from nmt.data.tokenization.sampling.unigram import UnigramSampler
from nmt.inspection import files
from nmt.inspection import sentencepiece as pieces
from nmt.inspection.sentencepiece import JOINT, SOURCE, TARGET
from nmt.runtime import atomic_files
from nmt.runtime.errors import ModelError


class Tokenizer:
    """One trained SentencePiece model.

    A tab is read as a space, whatever the normalisation. The ids of `nmt.data.special_ids` are
    never
    in the result of encoding, except UNKNOWN.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Read a model.

        Args:
            data: the bytes of a SentencePiece model file.
            name: what to call it in messages.

        Raises:
            ModelError: if it is not a SentencePiece model with the four special ids in place.
        """
        pieces.check(data, name)
        self.data = data
        try:
            self._model = sentencepiece.SentencePieceProcessor(model_proto=data)
        except RuntimeError as error:
            raise ModelError(f"{name} is not a SentencePiece model, or is damaged") from error
        self._samplers: dict[float, Sampler] = {}
        model = self._model
        found = (model.pad_id(), model.unk_id(), model.bos_id(), model.eos_id())
        if found != (PADDING, UNKNOWN, BEGIN, END):
            raise ModelError(
                f"{name} has the ids {found} for padding, unknown, begin and end; expected "
                f"{(PADDING, UNKNOWN, BEGIN, END)}: train the model with this program"
            )

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a model file.

        Raises:
            ModelError: if it is missing, or not a SentencePiece model with the special ids.
        """
        return cls(files.read(path, pieces.MOST_BYTES), str(path))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tokenizer":
        """Read a model from the bytes of its file.

        Raises:
            ModelError: if it is not a SentencePiece model with the special ids.
        """
        return cls(data, "the given tokenizer")

    @property
    def size(self) -> int:
        """How many pieces there are, special ones included."""
        return int(self._model.get_piece_size())

    def encode(self, line: str) -> list[int]:
        """Cut a line into its most probable pieces, without BEGIN and END."""
        return self.encode_lines([line])[0]

    def encode_lines(self, lines: Sequence[str], threads: int = -1) -> list[list[int]]:
        """Do for many lines what `encode` does for one; -1 threads are one a processor."""
        ids: list[list[int]] = self._model.encode(_spaced(lines), num_threads=threads)
        return ids

    def sample(self, line: str, alpha: float, seed: int) -> list[int]:
        """Draw one way of cutting a line; see `sample_lines`."""
        row: list[int] = self.sample_lines([line], alpha, seed).values.tolist()
        return row

    def sample_lines(self, lines: Sequence[str], alpha: float, seed: int) -> Ragged:
        """Draw one way of cutting each line, always the same for the same arguments.

        Args:
            lines: text.
            alpha: with unigram pieces the exponent of their probabilities (the smaller, the more
                even), with BPE the probability that a merge is dropped.
            seed: chooses what is drawn.

        Raises:
            ConfigurationError: if alpha is out of range for this kind of pieces.
        """
        if alpha not in self._samplers:
            sampler = BPESampler if self._inventory.merged else UnigramSampler
            self._samplers[alpha] = sampler(self._inventory, alpha)
        rows = [self._words(text) for text in self._model.normalize(_spaced(lines))]
        words = list(chain.from_iterable(rows))
        drawn = self._samplers[alpha](words, np.random.default_rng(seed))
        return drawn.joined([len(row) for row in rows])

    @cached_property
    def _inventory(self) -> Inventory:
        return Inventory.read(self.data)

    @cached_property
    def _word(self) -> re.Pattern[str]:
        """A symbol of the user's, or what stands between spaces, its space before it."""
        symbols = sorted(self._inventory.symbols, key=len, reverse=True)
        before = "".join(f"{re.escape(symbol)}|" for symbol in symbols)
        more = "".join(f"(?!{re.escape(symbol)})" for symbol in symbols)
        return re.compile(f"{before}{SPACE}?(?:{more}[^{SPACE}])+|{SPACE}")

    def _words(self, text: str) -> list[str]:
        return self._word.findall(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Join pieces to text; UNKNOWN reads ⁇, the other special ids read nothing."""
        return str(self._model.decode([int(number) for number in ids]))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Name the pieces; ▁ is a space."""
        return [self._names[number] for number in ids]

    @cached_property
    def _names(self) -> list[str]:
        # One string for all times that a piece is named: a line may have millions of them.
        return [str(name) for name in self._model.id_to_piece(list(range(self.size)))]

    def same_pieces(self, other: "Tokenizer") -> bool:
        """Tell whether ids mean the same in both."""
        if self.data == other.data:
            return True
        ids = range(self.size)
        return self.size == other.size and self.pieces(ids) == other.pieces(ids)


@dataclass(frozen=True)
class Tokenizers:
    """The tokenizers of both languages; with a joint vocabulary one object stands for both."""

    source: Tokenizer
    target: Tokenizer

    @property
    def joint(self) -> bool:
        """Whether an id means the same in both languages."""
        return self.source is self.target

    def save(self, folder: Path) -> None:
        """Write one model file if joint, else two."""
        for name, data in self.files().items():
            atomic_files.write(folder / name, data)

    def files(self) -> dict[str, bytes]:
        """Give the bytes of each file that `save` writes."""
        if self.joint:
            return {JOINT: self.source.data}
        return {SOURCE: self.source.data, TARGET: self.target.data}

    @classmethod
    def load(cls, folder: Path) -> "Tokenizers":
        """Read what `save` wrote.

        Raises:
            ModelError: if a file is missing or not a SentencePiece model with the special ids.
        """
        if (folder / SOURCE).exists():
            return cls(Tokenizer.load(folder / SOURCE), Tokenizer.load(folder / TARGET))
        tokenizer = Tokenizer.load(folder / JOINT)
        return cls(tokenizer, tokenizer)


def _spaced(lines: Iterable[str]) -> list[str]:
    held = list(lines)
    return [line.replace("\t", " ") for line in held] if "\t" in "".join(held) else held
