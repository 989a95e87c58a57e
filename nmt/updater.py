"""One move of the optimizer: forward, backward, divide, clip, step."""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from nmt import distributed, ranges
from nmt.batch import Batch
from nmt.errors import ModelError
from nmt.objectives.objective import Network, Objective
from nmt.precision import Precision
from nmt.progress import Outcome


class Updater:
    """Moves the weights of one network.

    Attributes:
        network: any module that the objective can feed a batch through.
        clip_norm: the longest gradient (global norm) that is used as it is; infinite for all.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        precision: Precision,
        device: torch.device,
        clip_norm: float,
    ) -> None:
        ranges.above("clip_norm", clip_norm, 0)
        self.network = network
        self.objective = objective
        self.optimizer = optimizer
        self.precision = precision
        self.device = device
        self.clip_norm = clip_norm

    def update(self, batches: Sequence[Batch], number: int, rate: float) -> Outcome:
        """Make update `number`; the gradient is divided by the target pieces of all batches.

        If loss or gradient is not finite, the weights stay as they are.
        """
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        losses, counts = zip(*(self._backward(batch, number) for batch in batches), strict=True)
        sums = distributed.add(torch.stack(losses).sum(0))
        target_pieces, source_pieces, rows = distributed.add(torch.tensor(counts).sum(0)).tolist()
        distributed.add_gradients(self.network.parameters())
        norm = self._divide_and_clip(target_pieces)
        # The one place of an update where the device is waited for.
        loss, likelihood, length = torch.stack([*sums, norm]).tolist()
        finite = math.isfinite(loss) and math.isfinite(length)
        if finite:
            self._move(rate)
        return Outcome(
            loss=loss,
            negative_log_likelihood=likelihood,
            source_pieces=source_pieces,
            target_pieces=target_pieces,
            rows=rows,
            gradient_norm=length,
            clipped=length > self.clip_norm,
            finite=finite,
        )

    def state(self) -> dict[str, Any]:
        """Give weights and the optimizer's memory of past gradients."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def healthy(self) -> bool:
        """Say whether all weights are finite."""
        return all(bool(one.isfinite().all()) for one in self.network.parameters())

    def restore(self, state: dict[str, Any]) -> None:
        """Go on exactly from what `state` gave; a state without an optimizer begins a new one.

        Raises:
            ModelError: if it is not the state of such a network.
        """
        try:
            self.network.load_state_dict(state["network"])
            if "optimizer" in state:
                self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            why = " ".join(str(error).split())
            raise ModelError(f"the saved state does not fit this model: {why}") from error

    def _backward(self, batch: Batch, number: int) -> tuple[Tensor, tuple[int, int, int]]:
        """Add to the gradients; give both losses, and target pieces, source pieces and rows."""
        source_pieces = int(batch.source_mask.sum())
        with self.precision.autocast(self.device):
            loss = self.objective(cast(Network, self.network), batch.to(self.device), number)
        loss.sum.backward()  # type: ignore[no-untyped-call]
        values = torch.stack([loss.sum.detach(), loss.negative_log_likelihood]).float()
        return values, (loss.pieces, source_pieces, len(batch.source))

    def _divide_and_clip(self, pieces: int) -> Tensor:
        parameters = [one for one in self.network.parameters() if one.grad is not None]
        gradients = [one.grad for one in parameters if one.grad is not None]
        for gradient in gradients:
            gradient.div_(pieces)
        norm = get_total_norm(gradients)
        clip_grads_with_norm_(parameters, self.clip_norm, norm)
        return norm.float()

    def _move(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()


def parameter_groups(network: nn.Module) -> list[dict[str, Any]]:
    """Sort out what weight decay shall not touch: biases, gains, all with fewer than two axes.

    To decay a normalisation's gain towards zero would switch the layer off; Loshchilov and Hutter
    2019 leave the question open, and this is the common answer.
    """
    parameters = [one for one in network.parameters() if one.requires_grad]
    return [
        {"params": [one for one in parameters if one.dim() >= 2]},
        {"params": [one for one in parameters if one.dim() < 2], "weight_decay": 0.0},
    ]
