"""Keeps the best few beginnings of a translation alive: `nmt.search.beam` over arrays."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nmt.data.special_ids import BEGIN, END
from nmt.runtime.errors import ModelError
from nmt.search.arrays.scorer import ArrayScorer, BestPieces, limits
from nmt.search.checks import check_beam, check_length
from nmt.search.hypothesis import Hypothesis
from nmt.search.length_penalties.length_penalty import LengthPenalty
from nmt.search.n_best import NBest

CROWDED = 0.85
"""Share of sentences still searched below which the others are dropped: it costs a copy."""


@dataclass(frozen=True)
class BeamState:
    """The beginnings that are alive, ranked within each sentence; as many rows for each.

    Attributes:
        sentences: the number of each sentence.
        limits: how many pieces each of them may have.
        written: pieces of each row, BEGIN first.
        totals: log-probabilities so far; minus infinity where a row is dead, as it ended or its
            sentence is finished.
    """

    sentences: Int[np.ndarray, " batch"]
    limits: Int[np.ndarray, " batch"]
    written: Int[np.ndarray, "batch width places"]
    totals: Float[np.ndarray, "batch width"]


@dataclass(frozen=True)
class Candidates:
    """The best extensions of a sentence's rows, best first.

    Attributes:
        totals: log-probabilities so far.
        parents: which of the sentence's rows they extend.
        ids: by what.
    """

    totals: Float[np.ndarray, "batch extended"]
    parents: Int[np.ndarray, "batch extended"]
    ids: Int[np.ndarray, "batch extended"]


@dataclass(frozen=True)
class Beam:
    """Beam search, in which a sentence is finished when that is certain; rules and ties as there.

    Attributes:
        size: live rows of a sentence.
        best: how many translations are given for each, from 1 to `size`.
        length_penalty: what makes scores of log-probabilities.
        length_factor: pieces that a translation may have for each piece of the source.
        length_extra: pieces that it may have above that.
    """

    size: int
    best: int
    length_penalty: LengthPenalty
    length_factor: float
    length_extra: int

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        check_length(self.length_factor, self.length_extra)
        check_beam(self.size, self.best)

    def __call__(
        self, scorer: ArrayScorer, source: Int[np.ndarray, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Give each sentence's `best` translations with the highest scores, highest first."""
        ranked = NBest(self.best, self.length_penalty)
        found: list[list[Hypothesis]] = [[] for _ in range(len(source))]
        live, state = self._start(source), scorer.start(source)
        while True:
            best, state = scorer.step(live.written[:, :, -1].ravel(), state, self.size)
            candidates = self._extend(live, best)
            _collect(live, candidates, ranked, found)
            left = _hopeful(live, candidates, ranked, found)
            if not left.any():
                break
            live = _advance(live, candidates, left)
            width = best.logits.shape[0] // len(candidates.parents)
            firsts = np.arange(len(left))[:, None] * width
            rows = firsts + candidates.parents
            if left.mean() < CROWDED:
                kept = left.nonzero()[0]
                live = _keep(live, kept)
                state = scorer.keep(state, kept, rows[kept].ravel())
            else:
                state = scorer.reorder(state, rows.ravel())
        if not all(found):
            raise ModelError(
                f"no translation of sentence {found.index([]) + 1} of the batch has a finite"
                " log-probability; the model's weights are broken, train it again"
            )
        return found

    def _start(self, source: Int[np.ndarray, "batch source"]) -> BeamState:
        batch = len(source)
        return BeamState(
            np.arange(batch),
            limits(source, self.length_factor, self.length_extra),
            np.full((batch, 1, 1), BEGIN, dtype=np.int64),
            np.zeros((batch, 1)),
        )

    def _extend(self, live: BeamState, best: BestPieces) -> Candidates:
        """Find each sentence's best extensions: of each row the best, then the best of these."""
        batch, width = live.totals.shape
        each = best.ids.shape[1]
        ids = best.ids.reshape(batch, width, each)
        logits = best.logits.reshape(batch, width, each)
        full = live.limits <= live.written.shape[2] - 1
        if full.any():
            only = np.full((int(full.sum()), width, each), -np.inf, dtype=logits.dtype)
            only[:, :, 0] = best.end.reshape(batch, width)[full]
            ids, logits = ids.copy(), logits.copy()
            ids[full], logits[full] = END, only
        offsets = live.totals - best.normalizer.reshape(batch, width)
        totals = (logits + offsets[:, :, None]).reshape(batch, width * each)
        chosen = np.argsort(-totals, axis=1, kind="stable")[:, : self.size]
        return Candidates(
            np.take_along_axis(totals, chosen, axis=1),
            chosen // each,
            np.take_along_axis(ids.reshape(batch, width * each), chosen, axis=1),
        )


def _collect(
    live: BeamState, candidates: Candidates, ranked: NBest, found: list[list[Hypothesis]]
) -> None:
    """Put the candidates that end into the lists of their sentences."""
    ended = (candidates.ids == END) & (candidates.totals > -np.inf)
    sentences, places = ended.nonzero()
    written = live.written[sentences, candidates.parents[sentences, places], 1:].tolist()
    totals = candidates.totals[ended].tolist()
    numbers = live.sentences[sentences].tolist()
    for number, ids, total in zip(numbers, written, totals, strict=True):
        ranked.put(found[number], tuple(ids), total)


def _hopeful(
    live: BeamState, candidates: Candidates, ranked: NBest, found: list[list[Hypothesis]]
) -> np.ndarray:
    """Tell which sentences go on, `[batch]`."""
    alive = np.where(candidates.ids == END, -np.inf, candidates.totals)
    shortest = live.written.shape[2] + 1
    each = zip(
        alive.max(axis=1).tolist(), live.limits.tolist(), live.sentences.tolist(), strict=True
    )
    return np.array(
        [ranked.hopeful(total, shortest, most + 1, found[number]) for total, most, number in each]
    )


def _advance(live: BeamState, candidates: Candidates, left: np.ndarray) -> BeamState:
    """Give what lives on, where the sentences that are not left are dead."""
    dead = (candidates.ids == END) | ~left[:, None]
    written = np.take_along_axis(live.written, candidates.parents[:, :, None], axis=1)
    return BeamState(
        live.sentences,
        live.limits,
        np.concatenate([written, candidates.ids[:, :, None]], axis=2),
        np.where(dead, -np.inf, candidates.totals),
    )


def _keep(live: BeamState, kept: np.ndarray) -> BeamState:
    return BeamState(live.sentences[kept], live.limits[kept], live.written[kept], live.totals[kept])
