"""The contract of a language model: `P(w_1 … w_m) = ∏ P(w_t | w_1 … w_(t-1))`, piece by piece."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from nmt.data.special_ids import PADDING


@runtime_checkable
class PieceLanguageModel(Protocol):
    """Gives the next piece's probability after any beginning of a line; nothing is remembered.

    Attributes:
        pieces: size of its vocabulary.
    """

    pieces: int

    def start(self, rows: int) -> Any:
        """Give the state before BEGIN is read; tensors of it have their rows first."""
        ...

    def step(
        self, ids: Int[Tensor, " rows"], state: Any
    ) -> tuple[Float[Tensor, "rows pieces"], Any]:
        """Read one piece a row, BEGIN first; give the next one's log-probabilities, in nats."""
        ...

    def log_probabilities(
        self, target: Int[Tensor, "batch bounded"]
    ) -> Float[Tensor, "batch target"]:
        """Give in nats how probable each piece is after those before it in its row.

        Args:
            target: BEGIN, pieces, END, padded with PADDING.

        Returns:
            A number for each of `target[:, 1:]`; 0 where that is PADDING. The sum of a row is
            the line's log-probability; it equals `step` after `step`.
        """
        ...


def by_steps(
    model: PieceLanguageModel, target: Int[Tensor, "batch bounded"]
) -> Float[Tensor, "batch target"]:
    """Compute `log_probabilities` by the loop that defines it; what is faster is tested on this."""
    state = model.start(len(target))
    found = target.new_zeros(target[:, 1:].shape).float()
    for place, labels in enumerate(target[:, 1:].unbind(1)):
        row, state = model.step(target[:, place], state)
        chosen = row.gather(1, labels.unsqueeze(1)).squeeze(1).to(found.dtype)
        found[:, place] = chosen.masked_fill(labels == PADDING, 0)
    return found
