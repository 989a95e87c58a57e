"""One move of the optimizer: forward, backward, divide, clip, step."""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from nmt.data.batch import Batch
from nmt.models.precision import Precision
from nmt.runtime import allocator, checks
from nmt.runtime.errors import ModelError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory
from nmt.training.distributed import collectives
from nmt.training.memory_limits import BatchSizeLimits
from nmt.training.objectives.objective import Network, Objective
from nmt.training.progress import SkipReason, UpdateResult
from nmt.training.rollback import rollback_on_error

NOT_FINITE = SkipReason(
    "its loss or gradient is not finite",
    "go on from it with a smaller schedule.peak_rate, or begin another run with precision=float32",
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    """What an update is made from, or cannot be.

    Attributes:
        parts: batches, or parts of them.
        losses: of each part what is minimised, and the plain negative log-likelihood.
        counts: target pieces, source pieces and rows of all.
        fault: what is wrong where the losses, or the gradients of them, are not finite.
    """

    parts: Sequence[Batch]
    losses: Float[Tensor, "parts 2"]
    counts: Int[Tensor, "3"]
    fault: SkipReason

    def suspects(self) -> list[Batch]:
        """Give the parts whose losses are not finite; none where the gradient is to blame."""
        finite = self.losses.isfinite().all(dim=1).tolist()
        return [part for part, good in zip(self.parts, finite, strict=True) if not good]


def _blamed(seen: _Seen) -> tuple[SkipReason, list[Batch]]:
    """Say what is wrong with an update, and give the parts that it came from, of all processes."""
    all_seen = collectives.values_of_all((seen.fault, seen.suspects(), list(seen.parts)))
    faults = [fault for fault, _, _ in all_seen]
    fault = next((one for one in faults if one != NOT_FINITE), NOT_FINITE)
    suspects = [part for _, named, _ in all_seen for part in named]
    return fault, suspects or [part for _, _, parts in all_seen for part in parts]


class _RehearsedError(Exception):
    """Undoes a rehearsal."""


class _DoesNotFitError(Exception):
    """Memory did not suffice for a part of a batch."""

    def __init__(self, part: Batch) -> None:
        super().__init__(part)
        self.part = part


class Updater:
    """Moves the weights of one network.

    Attributes:
        network: any module that the objective can feed a batch through.
        clip_norm: the longest gradient (global norm) that is used as it is; infinite for all.
        allowance: how large a batch may be; learnt from those that did not fit into memory.
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
        checks.above("clip_norm", clip_norm, 0)
        self.network = network
        self.objective = objective
        self.optimizer = optimizer
        self.precision = precision
        self.device = device
        self.clip_norm = clip_norm
        self.allowance = BatchSizeLimits()
        self._rehearsed = False

    def update(
        self, batches: Sequence[Batch], number: int, rate: float, check: Callable[[], None]
    ) -> UpdateResult:
        """Make update `number`; the gradient is divided by the target pieces of all batches.

        If loss or gradient is not finite, or a single row does not fit into memory, the weights
        stay as they are. Batches that do not fit are cut into parts, from now on.

        Args:
            batches: at least one.
            number: counted from 1.
            rate: of learning.
            check: called before each batch, or part of one; what it raises undoes the update.

        Raises:
            NmtError: if memory does not suffice for the optimizer.
        """
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        if not self._rehearsed:
            self._rehearse(batches[0], number)
        seen = self._gradients(batches, number, check)
        sums = collectives.add(seen.losses.sum(0))
        target_pieces, source_pieces, rows = collectives.add(seen.counts).tolist()
        collectives.add_gradients(self.network.parameters())
        norm = self._divide_and_clip(target_pieces).to(sums.device)
        # The one place of an update where the device is waited for.
        loss, likelihood, length = torch.stack([*sums, norm]).tolist()
        finite = math.isfinite(loss) and math.isfinite(length)
        fault, suspects = (None, ()) if finite else _blamed(seen)
        if finite:
            self._move(rate)
        return UpdateResult(
            loss=loss,
            negative_log_likelihood=likelihood,
            source_pieces=source_pieces,
            target_pieces=target_pieces,
            rows=rows,
            gradient_norm=length,
            clipped=length > self.clip_norm,
            fault=fault,
            suspects=suspects,
        )

    def healthy(self) -> bool:
        """Say whether all weights, and what the optimizer remembers of gradients, are finite."""
        tensors: list[Tensor] = [*self.network.parameters()]
        for memory in self.optimizer.state.values():
            tensors += [one for one in memory.values() if torch.is_tensor(one)]
        # The least and the most of a tensor that holds nan are nan.
        ends = [torch.stack(torch.aminmax(one.detach())).float() for one in tensors if one.numel()]
        return bool(torch.stack([end.to(self.device) for end in ends]).isfinite().all())

    def state(self) -> dict[str, Any]:
        """Give weights, the optimizer's memory of past gradients, and what memory allows."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "limits": self.allowance.limits,
        }

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
        # Trainings that began before there were limits have none.
        self.allowance.limits = dict(state["limits"]) if "limits" in state else {}

    def _rehearse(self, batch: Batch, number: int) -> None:
        """Feed the first places of a batch through all operations once, and undo it.

        oneDNN makes some of its kernels once a process. If memory is short at that moment, it
        answers "could not create a primitive" ever after, however small the batches have become.
        Validations rehearse for the same reason.
        """
        self._rehearsed = True
        with suppress(_RehearsedError, _DoesNotFitError), rollback_on_error(self.network):
            self._backward(batch.start(2), number)
            raise _RehearsedError

    def _gradients(self, batches: Sequence[Batch], number: int, check: Callable[[], None]) -> _Seen:
        """Sum the gradients of all batches, in smaller parts each time that one does not fit."""
        while True:
            try:
                with rollback_on_error(self.network):
                    return self._sums(batches, number, check)
            except _DoesNotFitError as error:
                part = error.part
            # Only here is the error gone, and with it the frames that hold what did not fit.
            allocator.give_back()
            if len(part.source) == 1:
                return _without(part, batches, self.device)
            places, limit = len(part.source) * part.width, self.allowance.halve(part)
            logger.warning(
                "update %d: %d lines of up to %d pieces (%d places) do not fit into memory; from "
                "now on batches of that length or longer are cut into parts of at most %d places",
                *(number, len(part.source), part.width, places, limit),
            )

    def _sums(self, batches: Sequence[Batch], number: int, check: Callable[[], None]) -> _Seen:
        parts, losses, counts = [], [], []
        for batch in batches:
            for part in self.allowance.parts(batch):
                check()
                loss, count = self._backward(part, number)
                parts.append(part)
                losses.append(loss)
                counts.append(count)
        return _Seen(parts, torch.stack(losses), torch.tensor(counts).sum(0), NOT_FINITE)

    def _backward(self, batch: Batch, number: int) -> tuple[Tensor, tuple[int, int, int]]:
        """Add to the gradients; give both losses, and target pieces, source pieces and rows."""
        rows = batch.mask.any(dim=1)  # Without a target piece it is none.
        source_pieces = int(batch.source_mask[rows].sum())
        try:
            with self.precision.autocast(self.device):
                loss = self.objective(cast(Network, self.network), batch.to(self.device), number)
            loss.sum.backward()  # type: ignore[no-untyped-call]
        except Exception as error:
            if is_out_of_memory(error):
                raise _DoesNotFitError(batch) from None
            raise
        values = torch.stack([loss.sum.detach(), loss.negative_log_likelihood]).float()
        return values, (loss.pieces, source_pieces, int(rows.sum()))

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
        try:
            self.optimizer.step()
        except Exception as error:
            if is_out_of_memory(error):
                raise NmtError(
                    "out of memory in the optimizer, which holds more numbers than the network "
                    "has weights; close other programs, or begin another run with a smaller model"
                ) from error
            raise


def _without(part: Batch, batches: Sequence[Batch], device: torch.device) -> _Seen:
    """Say what cannot be made because of one row."""
    counts = [[one.mask.sum(), one.source_mask.sum(), len(one.source)] for one in batches]
    source, target = int(part.source_mask.sum()), int(part.mask.sum())
    return _Seen(
        [part],
        torch.full((1, 2), math.nan, device=device),
        torch.tensor(counts).sum(0),
        SkipReason(
            f"a line of {source} source and {target} target pieces does not fit into memory alone",
            "go on from it when other programs are closed, or begin another run with a smaller "
            "filter.max_pieces or model",
        ),
    )


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
