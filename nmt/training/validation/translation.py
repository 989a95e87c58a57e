"""Validation on held-out pairs: losses, and a metric of what a search makes of the sources."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from nmt.data.batch import Batch
from nmt.data.batching import batches_in_order
from nmt.data.preparation.shards import Shards
from nmt.data.tokenization.tokenizer import Tokenizer
from nmt.evaluation.metrics.metric import Metric
from nmt.evaluation.perplexity import perplexity
from nmt.models.precision import Precision
from nmt.models.translation_model import TranslationModel
from nmt.search.in_parts import in_parts
from nmt.search.scorers.single import SingleModel
from nmt.search.search import Search
from nmt.training.distributed import collectives
from nmt.training.loggers.logger import SampleTranslation
from nmt.training.objectives.objective import Objective
from nmt.training.validation.validation import ADVICE, Validation, mean_losses


@dataclass(frozen=True)
class TranslationValidation:
    """Looks at a network as it is; draws no random numbers.

    Losses are computed in the precision of training, translations in float32, as translating
    later does it.

    Attributes:
        network: is put into eval mode.
        objective: its mean over the pairs is the value `loss`.
        precision: for the losses.
        shards: the held-out pairs.
        tokenizer: of the target.
        search: makes the translations; its best hypothesis counts.
        metric: its value stands under its name in lower case, `bleu`.
        budget: pieces of a batch, padding included.
        samples: how many lines to show, from all over the set.
        device: where the network is.
    """

    network: TranslationModel
    objective: Objective
    precision: Precision
    shards: Shards
    tokenizer: Tokenizer
    search: Search
    metric: Metric
    budget: int
    samples: int
    device: torch.device

    def __call__(self) -> Validation:
        """Compute `loss`, `perplexity` and the metric.

        Raises:
            NmtError: if not even a single line fits into memory.
        """
        self.network.eval()
        with torch.inference_mode():
            loss, likelihood = self._losses()
            outputs = self._translate()
        references = self.shards.target_texts(np.arange(len(self.shards)))
        score = self.metric(outputs, references)
        name = score.metric.lower()
        return Validation(
            values={"loss": loss, "perplexity": perplexity(likelihood), name: score.value},
            samples=[self._sample(row, outputs[row]) for row in spread(self.samples, len(outputs))],
            signatures={name: score.signature},
        )

    def warm_up(self) -> None:
        """Look at one line and forget it, before training fills memory; see
        `nmt.training.updater`."""
        self.network.eval()
        with torch.inference_mode():
            line = next(batch for _, batch in self._in_order()).part(slice(1)).to(self.device)
            with self.precision.autocast(self.device):
                self.objective(self.network, line, 1)
            self.search(SingleModel(self.network), line.source)

    def _losses(self) -> tuple[float, float]:
        batches = (batch.to(self.device) for _, batch in self._own())
        with self.precision.autocast(self.device):
            return mean_losses(self.network, self.objective, batches)

    def _in_order(self) -> Iterator[tuple[list[int], Batch]]:
        rows = np.arange(len(self.shards))
        return batches_in_order(self.shards.sources(rows), self.shards.targets(rows), self.budget)

    def _own(self) -> Iterator[tuple[list[int], Batch]]:
        """Give the batches that are this process's to look at."""
        return islice(self._in_order(), collectives.rank(), None, collectives.world_size())

    def _translate(self) -> list[str]:
        scorer = SingleModel(self.network)
        outputs = [""] * len(self.shards)
        for rows, batch in self._own():
            found = in_parts(self.search, scorer, batch.source.to(self.device), ADVICE)
            for row, hypotheses in zip(rows, found, strict=True):
                outputs[row] = self.tokenizer.decode(hypotheses[0].ids)
        # What another process translated is empty here.
        return list(map("".join, zip(*collectives.all_gather(outputs), strict=True)))

    def _sample(self, row: int, output: str) -> SampleTranslation:
        return SampleTranslation(self.shards.source_text(row), self.shards.target_text(row), output)


def spread(count: int, lines: int) -> list[int]:
    """Give the numbers of a few lines out of many, evenly spread; all where there are fewer."""
    count = min(count, lines)
    return [(2 * place + 1) * lines // (2 * count) for place in range(count)]
