"""R-Drop: two passes with different dropout are to agree."""

from dataclasses import dataclass

from nmt.data.batch import Batch
from nmt.runtime import checks
from nmt.training.objectives.consistency import Weights, consistency
from nmt.training.objectives.cross_entropy import CrossEntropy
from nmt.training.objectives.objective import Loss, Network


@dataclass(frozen=True)
class RDrop:
    """The mean cross-entropy of two passes with their own dropout, and their divergence.

    Half of `CE₁ + CE₂ + weight/2 · (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁))`: Liang et al. 2021, equation 4;
    half, so that the loss compares with that of `CrossEntropy`. In evaluation mode both passes are
    equal, and one cross-entropy is all that remains.

    Attributes:
        smoothing: share of each label that is spread, 0 to 1; see `CrossEntropy`.
        slice_positions: target positions whose float32 values are in memory at a time.
        weight: of the divergence, 0 or more (their α).
    """

    smoothing: float
    slice_positions: int
    weight: float

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        CrossEntropy(self.smoothing, self.slice_positions)
        checks.finite("objective.weight", self.weight)
        checks.at_least("objective.weight", self.weight, 0)

    def __call__(self, network: Network, batch: Batch, update: int) -> Loss:
        """Return the sums over all target positions without padding."""
        if not network.training:
            return CrossEntropy(self.smoothing, self.slice_positions)(network, batch, update)
        mask = batch.mask
        labels = batch.labels[mask]
        logits = network.logits(network(batch)[mask]), network.logits(network(batch)[mask])
        weights = Weights(first=0.5, second=0.5, forward=self.weight / 4, backward=self.weight / 4)
        total, likelihood = consistency(
            logits, labels, weights, self.smoothing, self.slice_positions
        )
        return Loss(total, likelihood, len(labels))
