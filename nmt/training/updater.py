"""One update of the weights: forward, backward, divide, clip, step of the optimizer."""

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
from nmt.training.memory_limits import BatchSizeLimits, rollback_on_error
from nmt.training.objectives.objective import Network, Objective
from nmt.training.progress import SkipReason, UpdateResult

NOT_FINITE = SkipReason(
    "its loss or gradient is not finite",
    "resume from it with a smaller schedule.peak_rate, or begin another run with precision=float32",
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sums:
    """The sums of this process's batches, whose gradients the network holds.

    Attributes:
        parts: the batches, or parts of them.
        losses: of each part the objective and the plain negative log-likelihood, in nats.
        counts: target pieces, source pieces and rows of all parts.
        skip_reason: to be reported if losses or gradients are not finite.
    """

    parts: Sequence[Batch]
    losses: Float[Tensor, "parts 2"]
    counts: Int[Tensor, "3"]
    skip_reason: SkipReason

    def offending_parts(self) -> list[Batch]:
        """Return the parts whose losses are not finite; none if only gradients are not."""
        finite = self.losses.isfinite().all(dim=1).tolist()
        return [part for part, good in zip(self.parts, finite, strict=True) if not good]


def _explain_skip(sums: _Sums) -> tuple[SkipReason, list[Batch]]:
    """Return why an update is skipped, and the batches of all processes that caused it."""
    gathered = collectives.all_gather((sums.skip_reason, sums.offending_parts(), list(sums.parts)))
    reasons = [reason for reason, _, _ in gathered]
    reason = next((other for other in reasons if other != NOT_FINITE), NOT_FINITE)
    offending = [part for _, parts, _ in gathered for part in parts]
    return reason, offending or [part for _, _, parts in gathered for part in parts]


class _WarmedUpError(Exception):
    """Ends a warm-up, so that it is rolled back."""


class _DoesNotFitError(Exception):
    """Memory did not suffice for a part of a batch."""

    def __init__(self, part: Batch) -> None:
        super().__init__(part)
        self.part = part


class Updater:
    """Updates the weights of one network.

    Attributes:
        network: any module that the objective accepts.
        clip_norm: gradients with a greater global norm are scaled down to it; may be infinite.
        batch_sizes: limits learned from batches that did not fit into memory.
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
        self.batch_sizes = BatchSizeLimits()
        self._warmed_up = False

    def update(
        self, batches: Sequence[Batch], number: int, rate: float, check: Callable[[], None]
    ) -> UpdateResult:
        """Make one update from the gradient of all batches, divided by their target pieces.

        It is skipped if loss or gradient is not finite, or if a single row does not fit into
        memory. Batches that do not fit are split, in this update and in all later ones.

        Args:
            batches: at least one.
            number: of the update, counted from 1.
            rate: the learning rate.
            check: called before each batch, or part of one; if it raises, nothing has changed.

        Raises:
            NmtError: if memory does not suffice for the optimizer.
        """
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        if not self._warmed_up:
            self._warm_up(batches[0], number)
        own = self._gradients(batches, number, check)
        losses = collectives.all_reduce_sum(own.losses.sum(0))
        target_pieces, source_pieces, rows = collectives.all_reduce_sum(own.counts).tolist()
        collectives.sum_gradients(self.network.parameters())
        norm = self._divide_and_clip(target_pieces).to(losses.device)
        # The only synchronization with the device in an update.
        loss, likelihood, length = torch.stack([*losses, norm]).tolist()
        finite = math.isfinite(loss) and math.isfinite(length)
        reason, offending = (None, ()) if finite else _explain_skip(own)
        if finite:
            self._step(rate)
        return UpdateResult(
            loss=loss,
            negative_log_likelihood=likelihood,
            source_pieces=source_pieces,
            target_pieces=target_pieces,
            rows=rows,
            gradient_norm=length,
            clipped=length > self.clip_norm,
            skip_reason=reason,
            offending_batches=offending,
        )

    def is_finite(self) -> bool:
        """Return whether all weights and all tensors of the optimizer's state are finite."""
        tensors: list[Tensor] = [*self.network.parameters()]
        for state in self.optimizer.state.values():
            tensors += [value for value in state.values() if torch.is_tensor(value)]
        # The minimum and the maximum of a tensor that holds nan are nan.
        ends = [torch.stack(torch.aminmax(one.detach())).float() for one in tensors if one.numel()]
        return bool(torch.stack([end.to(self.device) for end in ends]).isfinite().all())

    def state(self) -> dict[str, Any]:
        """Return weights, the optimizer's state and the limits of batch sizes."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "batch_sizes": self.batch_sizes.limits,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned; without the key `optimizer`, that is left as it is.

        Raises:
            ModelError: if the state belongs to another network.
        """
        try:
            self.network.load_state_dict(state["network"])
            if "optimizer" in state:
                self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            message = " ".join(str(error).split())
            raise ModelError(f"the saved state does not fit this model: {message}") from error
        self.batch_sizes.limits = dict(state["batch_sizes"])

    def _warm_up(self, batch: Batch, number: int) -> None:
        """Run all operations once on the first positions of a batch, and roll back.

        oneDNN makes some of its kernels once a process. If memory is short at that moment, it
        fails with "could not create a primitive" ever after, however small the batches have
        become. Validations have a `warm_up` for the same reason.
        """
        self._warmed_up = True
        with suppress(_WarmedUpError, _DoesNotFitError), rollback_on_error(self.network):
            self._backward(batch.prefix(2), number)
            raise _WarmedUpError

    def _gradients(self, batches: Sequence[Batch], number: int, check: Callable[[], None]) -> _Sums:
        """Sum the gradients of all batches, again in smaller parts whenever one does not fit."""
        while True:
            try:
                with rollback_on_error(self.network):
                    return self._sum_parts(batches, number, check)
            except _DoesNotFitError as error:
                part = error.part
            # Only outside of `except` are the error's frames gone, which hold what did not fit.
            allocator.release_free_blocks()
            if len(part.source) == 1:
                return _sums_without(part, batches, self.device)
            positions, limit = len(part.source) * part.width, self.batch_sizes.halve(part)
            logger.warning(
                "update %d: %d lines of up to %d pieces (%d positions) do not fit into memory; "
                "from now on batches of that length or longer are split into parts of at most %d "
                "positions",
                *(number, len(part.source), part.width, positions, limit),
            )

    def _sum_parts(self, batches: Sequence[Batch], number: int, check: Callable[[], None]) -> _Sums:
        parts, losses, counts = [], [], []
        for batch in batches:
            for part in self.batch_sizes.split(batch):
                check()
                loss, count = self._backward(part, number)
                parts.append(part)
                losses.append(loss)
                counts.append(count)
        return _Sums(parts, torch.stack(losses), torch.tensor(counts).sum(0), NOT_FINITE)

    def _backward(self, batch: Batch, number: int) -> tuple[Tensor, tuple[int, int, int]]:
        """Add to the gradients; return both losses, and target pieces, source pieces and rows."""
        rows = batch.mask.any(dim=1)  # A row without target pieces does not count.
        # Language models read sources of END alone.
        source_pieces = int(batch.source_mask[rows].sum()) if batch.source.shape[1] > 1 else 0
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
        """Divide all gradients, clip them, and return their norm before clipping."""
        parameters = [one for one in self.network.parameters() if one.grad is not None]
        gradients = [one.grad for one in parameters if one.grad is not None]
        for gradient in gradients:
            gradient.div_(pieces)
        norm = get_total_norm(gradients)
        clip_grads_with_norm_(parameters, self.clip_norm, norm)
        return norm.float()

    def _step(self, rate: float) -> None:
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


def _sums_without(part: Batch, batches: Sequence[Batch], device: torch.device) -> _Sums:
    """Return losses that are not finite, for an update with a row that does not fit."""
    counts = [[one.mask.sum(), one.source_mask.sum(), len(one.source)] for one in batches]
    source, target = int(part.source_mask.sum()), int(part.mask.sum())
    return _Sums(
        [part],
        torch.full((1, 2), math.nan, device=device),
        torch.tensor(counts).sum(0),
        SkipReason(
            f"a line of {source} source and {target} target pieces does not fit into memory alone",
            "resume from it when other programs are closed, or begin another run with a smaller "
            "filter.max_pieces or model",
        ),
    )
