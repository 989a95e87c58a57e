"""The contract of a language model: `P(w_1 … w_m) = ∏ P(w_t | w_1 … w_(t-1))`, piece by piece."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING


@runtime_checkable
class PieceLanguageModel(Protocol):
    """Predicts the next piece of a line; the state is a value, which the caller keeps.

    Attributes:
        pieces: size of its vocabulary.
    """

    pieces: int

    def start(self, rows: int) -> Any:
        """Return the state before BEGIN; its tensors have their rows first."""
        ...

    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece per row, BEGIN first; return log-probabilities of the next, in nats."""
        ...

    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Compute the log-probability of each piece given those before it in its row, in nats.

        Args:
            target: BEGIN, pieces, END, padded with PADDING.

        Returns:
            A number for each of `target[:, 1:]`; 0 where that is PADDING. The sum of a row is
            the log-probability of the line; it equals that of `step` after `step`.
        """
        ...


def by_steps(
    model: PieceLanguageModel, target: Int[Tensor, "batch bounded"]
) -> Float[Tensor, "batch target"]:
    """Compute `log_probabilities` by the loop that defines it."""
    state = model.start(len(target))
    results = target.new_zeros(target[:, 1:].shape).float()
    for position, labels in enumerate(target[:, 1:].unbind(1)):
        row, state = model.step(target[:, position], state)
        chosen = row.gather(1, labels.unsqueeze(1)).squeeze(1).to(results.dtype)
        results[:, position] = chosen.masked_fill(labels == PADDING, 0)
    return results
