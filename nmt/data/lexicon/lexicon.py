"""What a shortlist knows of a pair of languages; numpy alone reads it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int
from safetensors import numpy as safetensors

from nmt.data.lexicon import ibm_model_1
from nmt.data.lexicon.ibm_model_1 import NOTHING
from nmt.data.ragged import Ragged
from nmt.data.special_ids import END
from nmt.inspection import files
from nmt.inspection.lexicon import FREQUENT, MOST_BYTES, NAME, TRANSLATIONS, check
from nmt.runtime.errors import ModelError

__all__ = ["NAME", "TranslationLexicon", "sample"]

MOST = 50  # translations of a piece that are kept
LINKS = 1 << 24  # that are learnt from: some 80,000 pairs of 14 pieces, half a gigabyte at most


@dataclass(frozen=True)
class TranslationLexicon:
    """The best translations of each source piece, and how frequent target pieces are.

    Attributes:
        translations: of each source id the ids of target pieces, the most probable first; END
            where there are no more. PADDING has none.
        frequent: all ids of target pieces above END, the most frequent first.
    """

    translations: Int[np.ndarray, "source ranks"]
    frequent: Int[np.ndarray, " target"]

    @classmethod
    def learn(
        cls, sources: Ragged, targets: Ragged, source_pieces: int, target_pieces: int
    ) -> "TranslationLexicon":
        """Learn from pairs of sentences, by IBM model 1.

        Args:
            sources: ids of each sentence.
            targets: ids of its translation.
            source_pieces: size of the source vocabulary.
            target_pieces: size of the target vocabulary.
        """
        found = ibm_model_1.learn(sources, targets, target_pieces)
        order = np.lexsort((found.target, -found.probabilities, found.source))
        source, target = found.source[order], found.target[order]
        ranks = np.arange(len(source)) - np.searchsorted(source, source)
        kept = (ranks < MOST) & (source != NOTHING)
        translations = np.full((source_pieces, MOST), END, np.int64)
        translations[source[kept], ranks[kept]] = target[kept]
        counts = np.bincount(targets.compact().values, minlength=target_pieces)[END + 1 :]
        return cls(translations, END + 1 + np.argsort(-counts, kind="stable"))

    @classmethod
    def load(cls, path: Path, source_pieces: int, target_pieces: int) -> "TranslationLexicon":
        """Read what `data` gave.

        Raises:
            ModelError: if it cannot be read, or is not one of these vocabularies.
        """
        stored = files.read(path, MOST_BYTES)
        check(path, source_pieces, target_pieces)
        found = safetensors.load(stored)
        for name, ids in found.items():
            if ids.size and (ids.min() < END or ids.max() >= target_pieces):
                raise ModelError(
                    f"{path} is not this model's lexicon: {name} has ids from {ids.min()} to"
                    f" {ids.max()}, of {target_pieces} pieces; copy the model's folder again"
                )
        return cls(found[TRANSLATIONS], found[FREQUENT])

    def data(self) -> bytes:
        """Give the bytes of its file."""
        arrays = {TRANSLATIONS: self.translations, FREQUENT: self.frequent}
        return bytes(safetensors.save(arrays))


def sample(
    source: Int[np.ndarray, " rows"], target: Int[np.ndarray, " rows"]
) -> Int[np.ndarray, " sampled"]:
    """Choose the rows that a lexicon is learnt from: all, or a part with no more than `LINKS`.

    Which these are depends on the lengths alone; a pair with too many links for itself is none.

    Args:
        source: pieces of each sentence.
        target: pieces of its translation.
    """
    many = ibm_model_1.links(source, target)
    order = np.flatnonzero(many <= ibm_model_1.BLOCK)
    if many[order].sum() > LINKS:
        order = np.random.default_rng(0).permutation(order)
        order = order[np.cumsum(many[order]) <= LINKS]
    return np.sort(order)
