"""Tokenizers: text to ids of pieces and back, by SentencePiece (Kudo and Richardson, 2018)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import sentencepiece

from nmt.data.ragged import Ragged
from nmt.data.special_ids import BEGIN, END, PADDING, UNKNOWN
from nmt.data.text.cleaning import clean_lines
from nmt.data.tokenization.sampling.bpe import BPESampler
from nmt.data.tokenization.sampling.sampler import SPACE, Inventory, Sampler
from nmt.data.tokenization.sampling.unigram import UnigramSampler
from nmt.inspection import files
from nmt.inspection import sentencepiece as inspection
from nmt.inspection.sentencepiece import JOINT, SOURCE, TARGET
from nmt.runtime import atomic_files
from nmt.runtime.errors import ModelError


class Tokenizer:
    """A trained SentencePiece model.

    All text is cleaned (`nmt.data.text.cleaning`) before SentencePiece reads it, whatever the
    normalization. Of the special ids, only UNKNOWN is in the result of encoding.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Load a model.

        Args:
            data: the content of a SentencePiece model file.
            name: of the model in messages.

        Raises:
            ModelError: if it is no valid SentencePiece model, or has other special ids.
        """
        inspection.check(data, name)
        self.data = data
        try:
            self._model = sentencepiece.SentencePieceProcessor(model_proto=data)
        except RuntimeError as error:
            raise ModelError(f"{name} is not a SentencePiece model, or is damaged") from error
        self._samplers: dict[float, Sampler] = {}
        model = self._model
        ids = (model.pad_id(), model.unk_id(), model.bos_id(), model.eos_id())
        if ids != (PADDING, UNKNOWN, BEGIN, END):
            raise ModelError(
                f"{name} has the ids {ids} for padding, unknown, begin and end; expected "
                f"{(PADDING, UNKNOWN, BEGIN, END)}: train the model with this program"
            )

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Load a model file.

        Raises:
            ModelError: if it is missing, no valid SentencePiece model, or has other special ids.
        """
        return cls(files.read(path, inspection.MAX_BYTES), str(path))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tokenizer":
        """Load a model from the content of its file.

        Raises:
            ModelError: if it is no valid SentencePiece model, or has other special ids.
        """
        return cls(data, "the given tokenizer")

    @property
    def size(self) -> int:
        """The number of pieces, special ones included."""
        return int(self._model.get_piece_size())

    def encode(self, line: str) -> list[int]:
        """Return the ids of a line's most probable pieces, without BEGIN and END.

        `nmt.data.batching` adds these in training, `nmt.inference.line_translator` END to a source.
        """
        return self.encode_lines([line])[0]

    def encode_lines(self, lines: Sequence[str], threads: int = -1) -> list[list[int]]:
        """Encode many lines as `encode` does one; -1 is a thread per processor."""
        ids: list[list[int]] = self._model.encode(clean_lines(lines), num_threads=threads)
        return ids

    def sample_lines(self, lines: Sequence[str], alpha: float, seed: int) -> Ragged:
        """Sample a segmentation of each line, always the same for the same arguments.

        Args:
            lines: text.
            alpha: for unigram pieces the exponent of their probabilities (the smaller, the more
                uniform), for BPE the probability of dropping a merge.
            seed: of the random numbers.

        Raises:
            ConfigurationError: if alpha is out of range for the method.
        """
        if alpha not in self._samplers:
            sampler = BPESampler if self._inventory.is_bpe else UnigramSampler
            self._samplers[alpha] = sampler(self._inventory, alpha)
        rows = [self._word.findall(text) for text in self._model.normalize(clean_lines(lines))]
        words = list(chain.from_iterable(rows))
        ids = self._samplers[alpha](words, np.random.default_rng(seed))
        return ids.concatenate([len(row) for row in rows])

    @cached_property
    def _inventory(self) -> Inventory:
        return Inventory.read(self.data)

    @cached_property
    def _word(self) -> re.Pattern[str]:
        """A user-defined symbol, or a word between spaces with the space before it."""
        symbols = sorted(self._inventory.symbols, key=len, reverse=True)
        symbol = "".join(f"{re.escape(symbol)}|" for symbol in symbols)
        no_symbol = "".join(f"(?!{re.escape(symbol)})" for symbol in symbols)
        return re.compile(f"{symbol}{SPACE}?(?:{no_symbol}[^{SPACE}])+|{SPACE}")

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of pieces; UNKNOWN becomes ⁇, the other special ids nothing."""
        return str(self._model.decode([int(id_) for id_ in ids]))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the pieces of ids; ▁ is a space."""
        return [self._pieces[id_] for id_ in ids]

    @cached_property
    def _pieces(self) -> list[str]:
        # One string per piece of the vocabulary: a line may have millions of pieces.
        return [str(piece) for piece in self._model.id_to_piece(list(range(self.size)))]

    def same_pieces(self, other: "Tokenizer") -> bool:
        """Return whether all ids mean the same in both tokenizers."""
        if self.data == other.data:
            return True
        ids = range(self.size)
        return self.size == other.size and self.pieces(ids) == other.pieces(ids)


@dataclass(frozen=True)
class Tokenizers:
    """The tokenizers of both languages; the same object twice if the vocabulary is joint."""

    source: Tokenizer
    target: Tokenizer

    @property
    def joint(self) -> bool:
        """Whether both languages share one vocabulary."""
        return self.source is self.target

    def save(self, folder: Path) -> None:
        """Write one model file if joint, else two."""
        for name, data in self.files().items():
            atomic_files.write(folder / name, data)

    def files(self) -> dict[str, bytes]:
        """Return names and contents of the files that `save` writes."""
        if self.joint:
            return {JOINT: self.source.data}
        return {SOURCE: self.source.data, TARGET: self.target.data}

    @classmethod
    def load(cls, folder: Path) -> "Tokenizers":
        """Load the files that `save` wrote.

        Raises:
            ModelError: as `Tokenizer.load`.
        """
        if (folder / SOURCE).exists():
            return cls(Tokenizer.load(folder / SOURCE), Tokenizer.load(folder / TARGET))
        tokenizer = Tokenizer.load(folder / JOINT)
        return cls(tokenizer, tokenizer)
