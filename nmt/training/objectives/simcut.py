"""SimCut: predictions from cut embeddings are to agree with those from whole ones."""

from dataclasses import dataclass
from typing import cast

from torch import nn

from nmt.data.batch import Batch
from nmt.models.embeddings import word_dropout
from nmt.runtime import checks
from nmt.training.objectives.consistency import Weights, consistency
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.objectives.objective import Loss, Network


@dataclass(frozen=True)
class SimCut:
    """Cross-entropy, and the divergence from a second pass with some embeddings set to zero.

    `CE(x, y) + weight · KL(f(x, y) ‖ f(cut(x), cut(y)))`, with gradients through both passes: Gao,
    He, Wu and Wang 2022, "Bi-SimCut", equation 8. In evaluation mode nothing is cut, and the
    cross-entropy is all that remains.

    Attributes:
        smoothing: share of each label that is spread, 0 to 1; see `CrossEntropy`.
        slice_positions: target positions whose float32 values are in memory at a time.
        weight: of the divergence, 0 or more (their α).
        share: of the source and target positions that are cut (their p_cut), below 1.
    """

    smoothing: float
    slice_positions: int
    weight: float
    share: float

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        CrossEntropy(self.smoothing, self.slice_positions)
        checks.finite("objective.weight", self.weight)
        checks.at_least("objective.weight", self.weight, 0)
        checks.fraction("objective.share", self.share)

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Return the sums over all target positions without padding."""
        if not network.training:
            return CrossEntropy(self.smoothing, self.slice_positions)(network, batch, update)
        mask = batch.mask
        labels = batch.labels[mask]
        whole = network.logits(network(batch)[mask])
        with word_dropout(cast(nn.Module, network), self.share):
            cut = network.logits(network(batch)[mask])
        weights = Weights(first=1, second=0, forward=self.weight, backward=0)
        total, likelihood = consistency(
            (whole, cut), labels, weights, self.smoothing, self.slice_positions
        )
        return Loss(total, likelihood, len(labels))
