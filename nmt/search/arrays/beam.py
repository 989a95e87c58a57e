"""Beam search over arrays: the hypotheses of `nmt.search.beam`, for engines without torch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from nmt.data.special_ids import BEGIN, END
from nmt.search.arrays.scorer import ArrayScorer, BestPieces, limits
from nmt.search.beam_search import BeamSearch, check_complete
from nmt.search.hypothesis import Hypothesis

CROWDED = 0.85
"""Share of unfinished sentences below which the finished ones are dropped, which costs a copy."""


@dataclass(frozen=True)
class BeamState:
    """The live prefixes, ranked within each sentence; every sentence has as many rows.

    Attributes:
        sentences: index of each sentence in the batch.
        limits: how many pieces each of them may have.
        prefixes: pieces of each row, BEGIN first.
        totals: log-probabilities so far, in nats; minus infinity where a row is dead, as it ended
            or its sentence is finished.
    """

    sentences: Int[np.ndarray, " batch"]
    limits: Int[np.ndarray, " batch"]
    prefixes: Int[np.ndarray, "rows positions"]
    totals: Float[np.ndarray, " rows"]


@dataclass(frozen=True)
class Candidates:
    """The best extensions of each sentence's rows, best first.

    Attributes:
        totals: log-probabilities so far, in nats.
        parents: the rows that they extend.
        ids: the pieces that extend them.
    """

    totals: Float[np.ndarray, "batch extended"]
    parents: Int[np.ndarray, "batch extended"]
    ids: Int[np.ndarray, "batch extended"]


@dataclass(frozen=True)
class Beam(BeamSearch):
    """`BeamSearch` over arrays; of size 1 it does what `nmt.search.greedy` does, as fast."""

    def __call__(
        self, scorer: ArrayScorer, source: Int[np.ndarray, "batch source"]
    ) -> list[list[Hypothesis]]:
        """Return each sentence's `best` hypotheses with the highest scores, highest first.

        Raises:
            ModelError: if the model's numbers are not finite.
        """
        n_bests: list[list[Hypothesis]] = [[] for _ in range(len(source))]
        beam, state = self._start(source), scorer.start(source)
        while True:
            best, state = scorer.step(beam.prefixes[:, -1], state, self.size)
            candidates = self._extend(beam, best)
            ended = candidates.ids == END
            if ended.any():
                self._collect(beam, candidates, ended, n_bests)
            totals = np.where(ended, -np.inf, candidates.totals)
            unfinished = self._unfinished(beam, totals.max(axis=1), n_bests)
            left = np.count_nonzero(unfinished)
            if not left:
                break
            if left < len(unfinished):
                totals[~unfinished] = -np.inf
            candidates = Candidates(totals, candidates.parents, candidates.ids)
            kept = unfinished.nonzero()[0] if left < CROWDED * len(unfinished) else None
            beam, state = _advance(scorer, state, beam, candidates, kept)
        check_complete(n_bests)
        return n_bests

    def _start(self, source: Int[np.ndarray, "batch source"]) -> BeamState:
        batch = len(source)
        return BeamState(
            np.arange(batch),
            limits(source, self.length_factor, self.length_extra),
            np.full((batch, 1), BEGIN, dtype=np.int64),
            np.zeros(batch),
        )

    def _extend(self, beam: BeamState, best: BestPieces) -> Candidates:
        """Find each sentence's best extensions: of each row the best, then the best of these."""
        batch, (rows, each) = len(beam.sentences), best.ids.shape
        offsets = beam.totals - best.normalizer
        totals, ids = best.logits + offsets[:, None], best.ids
        full = beam.limits < beam.prefixes.shape[1]
        if full.any():
            only_end = full.repeat(rows // batch)
            totals[only_end] = -np.inf
            totals[only_end, 0] = (best.end + offsets)[only_end]
            ids = np.where(only_end[:, None], END, ids)
        extended = rows // batch * each
        if extended == 1:
            return Candidates(totals, np.arange(batch)[:, None], ids)
        order = (-totals).reshape(batch, extended).argsort(axis=1, kind="stable")
        chosen = order[:, : self.size] + np.arange(0, batch * extended, extended)[:, None]
        return Candidates(totals.ravel()[chosen], chosen // each, ids.ravel()[chosen])

    def _collect(
        self,
        beam: BeamState,
        candidates: Candidates,
        ended: Bool[np.ndarray, "batch extended"],
        n_bests: list[list[Hypothesis]],
    ) -> None:
        """Add the candidates that ended to the n-best lists of their sentences."""
        ended = ended & (candidates.totals > -np.inf)
        sentences = beam.sentences[ended.nonzero()[0]].tolist()
        totals = candidates.totals[ended].tolist()
        prefixes = beam.prefixes[candidates.parents[ended], 1:].tolist()
        for sentence, total, ids in zip(sentences, totals, prefixes, strict=True):
            self.add(n_bests[sentence], tuple(ids), total)

    def _unfinished(
        self, beam: BeamState, highest: Float[np.ndarray, " batch"], n_bests: list[list[Hypothesis]]
    ) -> Bool[np.ndarray, " batch"]:
        """Return which sentences have a live row that may still improve their n-best list."""
        unfinished = highest > -np.inf
        shortest = beam.prefixes.shape[1] + 1
        for row in unfinished.nonzero()[0].tolist():
            n_best = n_bests[beam.sentences[row]]
            if len(n_best) == self.best:
                longest = int(beam.limits[row]) + 1
                unfinished[row] = self.can_improve(n_best, float(highest[row]), shortest, longest)
        return unfinished


def _advance(
    scorer: ArrayScorer,
    state: Any,
    beam: BeamState,
    candidates: Candidates,
    kept: Int[np.ndarray, " left"] | None,
) -> tuple[BeamState, Any]:
    """Move beam and state to the candidates; only of the sentences at `kept`, unless None."""
    sentences, limits, prefixes = beam.sentences, beam.limits, beam.prefixes
    totals, ids, rows = candidates.totals, candidates.ids, candidates.parents
    if kept is not None:
        sentences, limits, totals, ids = sentences[kept], limits[kept], totals[kept], ids[kept]
        rows = rows[kept].ravel()
        state, prefixes = scorer.keep(state, kept, rows), prefixes[rows]
    elif rows.size != len(prefixes) or (rows.ravel() != np.arange(rows.size)).any():
        rows = rows.ravel()
        state, prefixes = scorer.reorder(state, rows), prefixes[rows]
    prefixes = np.concatenate([prefixes, ids.reshape(-1, 1)], axis=1)
    return BeamState(sentences, limits, prefixes, totals.ravel()), state
