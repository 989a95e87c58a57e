"""Several kinds of noise, each in its share of the pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from nmt.data.batching import Segmentation
from nmt.data.preparation.shards import Shards
from nmt.data.ragged import Ragged
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.data.transforms.transform import TextPair, Transform
from nmt.runtime import checks
from nmt.runtime.errors import require


@dataclass(frozen=True)
class Noise:
    """Applies at most one transform to a pair; each epoch chooses pairs and changes anew.

    Attributes:
        transforms: by name; the sum of their rates is at most 1.
        max_pieces: a pair that would be longer, on either side, stays as it is.
    """

    transforms: Mapping[str, Transform]
    max_pieces: int

    def __post_init__(self) -> None:
        """Validate the values."""
        checks.at_least("noise.max_pieces", self.max_pieces, 1)
        total = sum(transform.rate for transform in self.transforms.values())
        require(total <= 1, "noise.transforms", total, "rates that sum to at most 1")

    def over(self, segmentation: Segmentation) -> Segmentation:
        """Return a segmentation that changes pairs, or the given one if no rate is above 0."""
        if not any(transform.rate for transform in self.transforms.values()):
            return segmentation
        return NoisySegmentation(segmentation, self)

    def apply(self, pairs: Sequence[TextPair], random: np.random.Generator) -> dict[int, TextPair]:
        """Return the pairs that change, by their index."""
        values, start = random.random(len(pairs)), 0.0
        changed: dict[int, TextPair] = {}
        for transform in self.transforms.values():
            end = start + transform.rate
            for row in np.flatnonzero((start <= values) & (values < end)).tolist():
                changed[row] = transform(pairs, row, random)
            start = end
        return changed


@dataclass(frozen=True)
class NoisySegmentation(Segmentation):
    """Segments changed pairs into their most probable pieces, and the others as they would be.

    Attributes:
        segmentation: of the pairs that are not changed.
        noise: changes the others.
    """

    segmentation: Segmentation
    noise: Noise

    def __call__(
        self, shards: Shards, tokenizers: Tokenizers, rows: Int[np.ndarray, " rows"], seed: int
    ) -> tuple[Ragged, Ragged]:
        """Return the sources and targets of these rows; the same for the same arguments."""
        sides = self.segmentation(shards, tokenizers, rows, seed)
        pairs = list(zip(shards.source_texts(rows), shards.target_texts(rows), strict=True))
        changed = self.noise.apply(pairs, np.random.default_rng([seed, 1]))
        encoders = tokenizers.source, tokenizers.target
        noisy = [
            encoder.encode_lines([pair[side] for pair in changed.values()])
            for side, encoder in enumerate(encoders)
        ]
        fits = [
            all(0 < len(ids) <= self.noise.max_pieces for ids in pair)
            for pair in zip(*noisy, strict=True)
        ]
        places = np.array([row for row, good in zip(changed, fits, strict=True) if good], np.int64)
        kept = [
            Ragged.from_lists([ids for ids, good in zip(side, fits, strict=True) if good])
            for side in noisy
        ]
        return _replaced(sides[0], places, kept[0]), _replaced(sides[1], places, kept[1])


def _replaced(rows: Ragged, places: Int[np.ndarray, " places"], others: Ragged) -> Ragged:
    """Return the rows with others at some places."""
    starts, lengths = rows.starts.copy(), rows.lengths.copy()
    starts[places] = others.starts + len(rows.values)
    lengths[places] = others.lengths
    return Ragged(np.concatenate([rows.values, others.values]), starts, lengths)
