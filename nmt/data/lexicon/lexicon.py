"""The lexicon of a pair of languages, from which shortlists are made; needs numpy alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int
from safetensors import numpy as safetensors

from nmt.data.lexicon import ibm_model_1
from nmt.data.lexicon.ibm_model_1 import NULL
from nmt.data.ragged import Ragged
from nmt.data.special_ids import END
from nmt.inspection import files
from nmt.inspection.lexicon import FREQUENT, MAX_BYTES, NAME, TRANSLATIONS, check
from nmt.runtime.errors import ModelError

__all__ = ["NAME", "TranslationLexicon", "sample_rows"]

MAX_TRANSLATIONS = 50  # kept of each piece
MAX_LINKS = 1 << 24  # learned from: some 80,000 pairs of 14 pieces, half a gigabyte at most


@dataclass(frozen=True)
class TranslationLexicon:
    """The best translations of each source piece, and target pieces by frequency.

    Attributes:
        translations: ids of target pieces for each source id, the most probable first; END after
            the last. PADDING has none.
        frequent: all ids of target pieces above END, the most frequent first.
    """

    translations: Int[np.ndarray, "source ranks"]
    frequent: Int[np.ndarray, " target"]

    @classmethod
    def learn(
        cls, sources: Ragged, targets: Ragged, source_pieces: int, target_pieces: int
    ) -> "TranslationLexicon":
        """Estimate a lexicon from sentence pairs by IBM model 1.

        Args:
            sources: ids of each sentence.
            targets: ids of its translation.
            source_pieces: size of the source vocabulary.
            target_pieces: size of the target vocabulary.
        """
        table = ibm_model_1.learn(sources, targets, target_pieces)
        order = np.lexsort((table.target, -table.probabilities, table.source))
        source, target = table.source[order], table.target[order]
        ranks = np.arange(len(source)) - np.searchsorted(source, source)
        kept = (ranks < MAX_TRANSLATIONS) & (source != NULL)
        translations = np.full((source_pieces, MAX_TRANSLATIONS), END, np.int64)
        translations[source[kept], ranks[kept]] = target[kept]
        counts = np.bincount(targets.compact().values, minlength=target_pieces)[END + 1 :]
        return cls(translations, END + 1 + np.argsort(-counts, kind="stable"))

    @classmethod
    def load(cls, path: Path, source_pieces: int, target_pieces: int) -> "TranslationLexicon":
        """Load a file with the content of `to_bytes`.

        Raises:
            ModelError: if it cannot be read, or does not fit vocabularies of these sizes.
        """
        data = files.read(path, MAX_BYTES)
        check(path, source_pieces, target_pieces)
        arrays = safetensors.load(data)
        for name, ids in arrays.items():
            if ids.size and (ids.min() < END or ids.max() >= target_pieces):
                raise ModelError(
                    f"{path} is not this model's lexicon: {name} has ids from {ids.min()} to"
                    f" {ids.max()}, of {target_pieces} pieces; copy the model's folder again"
                )
        return cls(arrays[TRANSLATIONS], arrays[FREQUENT])

    def to_bytes(self) -> bytes:
        """Return the content of the lexicon's file."""
        arrays = {TRANSLATIONS: self.translations, FREQUENT: self.frequent}
        return bytes(safetensors.save(arrays))


def sample_rows(
    source: Int[np.ndarray, " rows"], target: Int[np.ndarray, " rows"]
) -> Int[np.ndarray, " sampled"]:
    """Return the rows to learn a lexicon from: all, or a sample of at most `MAX_LINKS`.

    The sample depends on the lengths alone; single pairs with very many links are left out.

    Args:
        source: length of each sentence in pieces.
        target: length of its translation.
    """
    links = ibm_model_1.count_links(source, target)
    order = np.flatnonzero(links <= ibm_model_1.BLOCK)
    if links[order].sum() > MAX_LINKS:
        order = np.random.default_rng(0).permutation(order)
        order = order[np.cumsum(links[order]) <= MAX_LINKS]
    return np.sort(order)
