"""A torch scorer as an array scorer, so that both searches get the same logits."""

import numpy as np
import torch

from nmt.data.special_ids import END
from nmt.search.arrays.scorer import BestPieces


class Arrays:
    def __init__(self, scorer):
        self.scorer = scorer

    def start(self, source):
        return self.scorer.start(torch.from_numpy(source))

    def step(self, ids, state, count):
        logits, state = self.scorer.step(torch.from_numpy(ids), state)
        allowed = logits[:, END:].numpy()
        columns = np.argsort(-allowed, axis=1, kind="stable")[:, :count]
        best = BestPieces(
            np.take_along_axis(allowed, columns, axis=1),
            columns + END,
            allowed[:, 0],
            logits.logsumexp(dim=1).numpy(),
        )
        return best, state

    def reorder(self, state, rows):
        return self.scorer.reorder(state, torch.from_numpy(rows))

    def keep(self, state, sentences, rows):
        return self.scorer.keep(state, torch.from_numpy(sentences), torch.from_numpy(rows))
