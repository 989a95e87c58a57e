"""Validation of a language model: how surprised it is by lines that it has not learnt from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from nmt.data.batch import Batch
from nmt.evaluation.perplexity import perplexities
from nmt.models.language_models.network import LanguageNetwork
from nmt.models.precision import Precision
from nmt.training.objectives.objective import Network, Objective
from nmt.training.validation.validation import Validation, mean_losses


@dataclass(frozen=True)
class LanguageModelValidation:
    """Looks at a network as it is; draws no random numbers.

    Attributes:
        network: is put into eval mode.
        reader: gives what reads the batches, having read nothing yet.
        objective: its mean over the pieces is the value `loss`.
        precision: to compute in.
        batches: gives the held-out text, each piece and each END once.
        words: words of the text, what stands between white space, and one END a line.
        pieces: pieces of the text, END included.
        device: where the network is.
    """

    network: LanguageNetwork
    reader: Callable[[LanguageNetwork], Network]
    objective: Objective
    precision: Precision
    batches: Callable[[], Iterable[Batch]]
    words: int
    pieces: int
    device: torch.device

    def __call__(self) -> Validation:
        """Compute `loss`, `perplexity` (a piece) and `word_perplexity`; END counts as one.

        Raises:
            NmtError: if not even a single line fits into memory.
        """
        loss, likelihood = self._losses(self.batches())
        return Validation(
            values={"loss": loss, **perplexities(likelihood, self.pieces, self.words)}
        )

    def warm_up(self) -> None:
        """Look at a few pieces and forget them, before training fills memory; see
        `nmt.training.updater`."""
        self._losses([next(iter(self.batches())).prefix(2)])

    def _losses(self, batches: Iterable[Batch]) -> tuple[float, float]:
        self.network.eval()
        with torch.inference_mode(), self.precision.autocast(self.device):
            moved = (batch.to(self.device) for batch in batches)
            return mean_losses(self.reader(self.network), self.objective, moved)
