"""SimCut: predictions from cut embeddings are to agree with those from whole ones."""

from dataclasses import dataclass
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from nmt.data.batch import Batch
from nmt.models.embeddings import word_dropout
from nmt.runtime import checks
from nmt.training.objectives.consistency import ConsistencyObjective, Weights
from nmt.training.objectives.objective import Network


@dataclass(frozen=True)
class SimCut(ConsistencyObjective):
    """Cross-entropy, and the divergence from a second pass with some embeddings set to zero.

    `CE(x, y) + weight · KL(f(x, y) ‖ f(cut(x), cut(y)))`, with gradients through both passes: Gao,
    He, Wu and Wang 2022, "Bi-SimCut", equation 8 (their α is `weight`).

    Attributes:
        share: of the source and target positions that are cut (their p_cut), 0 to 1.
    """

    share: float

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        super().__post_init__()
        checks.fraction("objective.share", self.share)

    @property
    def weights(self) -> Weights:
        """The weights of the terms; the cut pass has no cross-entropy."""
        return Weights(first=1, second=0, forward=self.weight, backward=0)

    def second_pass(self, network: Network, batch: Batch) -> Float[Tensor, "batch target readout"]:
        """Return the readouts with a share of the embeddings set to zero."""
        with word_dropout(cast(nn.Module, network), self.share):
            return network(batch)
