"""Validation of a language model: its perplexity on held-out text."""

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
    """Validates a network; samples no random numbers.

    Attributes:
        network: is put into evaluation mode.
        wrap: returns the network as a module that reads the batches, from its start.
        objective: its mean over the pieces is the value `loss`.
        precision: to compute in.
        batches: returns the held-out text, in which each piece and each END is a label once.
        words: of the text, separated by white space, and one END per line.
        pieces: of the text, END included.
        device: of the network.
    """

    network: LanguageNetwork
    wrap: Callable[[LanguageNetwork], Network]
    objective: Objective
    precision: Precision
    batches: Callable[[], Iterable[Batch]]
    words: int
    pieces: int
    device: torch.device

    def __call__(self) -> Validation:
        """Return `loss`, `perplexity` (per piece) and `word_perplexity`; END counts as one.

        Raises:
            NmtError: if a single line does not fit into memory.
        """
        loss, likelihood = self._losses(self.batches())
        return Validation(
            values={"loss": loss, **perplexities(likelihood, self.pieces, self.words)}
        )

    def warm_up(self) -> None:
        """Run all operations once, before training fills the memory (see `Updater._warm_up`)."""
        self._losses([next(iter(self.batches())).prefix(2)])

    def _losses(self, batches: Iterable[Batch]) -> tuple[float, float]:
        self.network.eval()
        with torch.inference_mode(), self.precision.autocast(self.device):
            moved = (batch.to(self.device) for batch in batches)
            return mean_losses(self.wrap(self.network), self.objective, moved)
