"""Validation of a translation model: losses, and a metric of its translations."""

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
from nmt.training.validation.validation import OUT_OF_MEMORY_ADVICE, Validation, mean_losses


@dataclass(frozen=True)
class TranslationValidation:
    """Validates a network; samples no random numbers.

    Losses are computed in the precision of training, translations in float32, as by
    `nmt.translate`.

    Attributes:
        network: is put into evaluation mode.
        objective: its mean over the target pieces is the value `loss`.
        precision: of the losses.
        shards: the held-out pairs.
        tokenizer: of the target.
        search: its best hypotheses are the translations.
        metric: its value is named as the metric, in lower case: `bleu`.
        budget: pieces of a batch, padding included.
        samples: number of lines to show, spread evenly over the set.
        device: of the network.
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
        """Return `loss`, `perplexity` and the metric.

        Raises:
            NmtError: if a single line does not fit into memory.
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
            samples=self._samples(outputs),
            signatures={name: score.signature},
        )

    def warm_up(self) -> None:
        """Run all operations once, before training fills the memory (see `Updater._warm_up`)."""
        self.network.eval()
        with torch.inference_mode():
            line = next(batch for _, batch in self._in_order()).part(slice(1)).to(self.device)
            with self.precision.autocast(self.device):
                self.objective(self.network, line, 1)
            self.search(SingleModel(self.network), line.source)

    def _losses(self) -> tuple[float, float]:
        batches = (batch.to(self.device) for _, batch in self._own_batches())
        with self.precision.autocast(self.device):
            return mean_losses(self.network, self.objective, batches)

    def _in_order(self) -> Iterator[tuple[list[int], Batch]]:
        rows = np.arange(len(self.shards))
        return batches_in_order(self.shards.sources(rows), self.shards.targets(rows), self.budget)

    def _own_batches(self) -> Iterator[tuple[list[int], Batch]]:
        """Yield the batches that this process validates."""
        return islice(self._in_order(), collectives.rank(), None, collectives.world_size())

    def _translate(self) -> list[str]:
        scorer = SingleModel(self.network)
        outputs = [""] * len(self.shards)
        for rows, batch in self._own_batches():
            source = batch.source.to(self.device)
            results = in_parts(self.search, scorer, source, OUT_OF_MEMORY_ADVICE)
            for row, hypotheses in zip(rows, results, strict=True):
                outputs[row] = self.tokenizer.decode(hypotheses[0].ids)
        # The translations of other processes are empty here.
        return list(map("".join, zip(*collectives.all_gather(outputs), strict=True)))

    def _samples(self, outputs: list[str]) -> list[SampleTranslation]:
        source, target = self.shards.source_text, self.shards.target_text
        rows = spread_evenly(self.samples, len(outputs))
        return [SampleTranslation(source(row), target(row), outputs[row]) for row in rows]


def spread_evenly(count: int, lines: int) -> list[int]:
    """Return the numbers of `count` lines, or of all if there are fewer, spread evenly."""
    count = min(count, lines)
    return [(2 * number + 1) * lines // (2 * count) for number in range(count)]
