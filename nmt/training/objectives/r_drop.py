"""R-Drop: two passes with different dropout are to agree."""

from dataclasses import dataclass

from nmt.training.objectives.consistency import ConsistencyObjective, Weights


@dataclass(frozen=True)
class RDrop(ConsistencyObjective):
    """The mean cross-entropy of two passes with their own dropout, and their divergence.

    Half of `CE₁ + CE₂ + weight/2 · (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁))`: Liang et al. 2021, equation 4
    (their α is `weight`); half, so that the loss compares with that of `CrossEntropy`.
    """

    @property
    def weights(self) -> Weights:
        """The weights of the terms, the same for both passes."""
        return Weights(first=0.5, second=0.5, forward=self.weight / 4, backward=self.weight / 4)
