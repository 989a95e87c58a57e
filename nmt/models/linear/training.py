"""Matrix products in training, by the faster of the libraries that torch has on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from nmt.models import torch_private
from nmt.runtime.out_of_memory import is_out_of_memory

ONEDNN_DTYPES = (torch.float32, torch.bfloat16)
"""What oneDNN multiplies on a CPU; float64 is left to torch."""

HAS_ONEDNN = torch_private.has_onednn_products()
HAS_BACKWARD_IDS = torch_private.has_backward_ids()


def product(
    values: Float[Tensor, "rows input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None = None,
) -> Float[Tensor, "rows features"]:
    """Compute `values · weightᵀ + bias` without gradients; factors may be transposed views.

    torch computes float32 products by MKL, which reaches half of oneDNN's rate on AMD processors;
    and before a bfloat16 product it writes the bias to every row of the result.
    """
    if weight.is_mkldnn or (_supports(values) and _supports(weight)):
        try:
            return torch_private.onednn_product(values, weight, bias)
        except RuntimeError as error:
            # No memory for the code that oneDNN generates; torch's product may need none.
            if not is_out_of_memory(error):
                raise
            if weight.is_mkldnn:
                weight = weight.to_dense()
    return nn.functional.linear(values, weight, bias)


def linear(
    values: Float[Tensor, "*shape input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None,
) -> Float[Tensor, "*shape features"]:
    """Compute `values · weightᵀ + bias`, in the format of autocast where that is on.

    Without gradients, on other devices, for empty values and in exported networks it is torch's
    own function.
    """
    if not _records_gradients(values, weight):
        return nn.functional.linear(values, weight, bias)
    dtype = _compute_dtype(values)
    loop = _LOOP.get()
    if loop is not None:
        return loop.linear(values.to(dtype), weight, bias)
    rounded = None if bias is None else bias.to(dtype)
    result: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
        values.to(dtype).reshape(-1, values.shape[-1]), weight.to(dtype), rounded
    )
    return result.view(*values.shape[:-1], weight.shape[0])


class _Product(torch.autograd.Function):
    """`product`, whose gradients are products again."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Float[Tensor, "rows input"],
        weight: Float[Tensor, "features input"],
        bias: Float[Tensor, " features"] | None,
    ) -> Float[Tensor, "rows features"]:
        """Compute `values · weightᵀ + bias`."""
        ctx.save_for_backward(values, weight)
        return product(values, weight, bias)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients that are needed."""
        values, weight = ctx.saved_tensors
        (gradient,) = outer
        for_values, for_weight, for_bias = ctx.needs_input_grad
        return (
            product(gradient, weight.t()) if for_values else None,
            product(values.t(), gradient.t()).t() if for_weight else None,
            gradient.sum(0) if for_bias else None,
        )


@contextmanager
def recurrent_loop() -> Iterator[None]:
    """Treat the calls of `linear` within as turns of a loop, whose weights stay the same.

    A weight is rounded and laid out once. In the backward pass a turn only records its values and
    their gradient; the gradient of the weight is then one product over all turns, where one per
    turn would read and write the whole matrix each time.
    """
    outer = _LOOP.set(_Loop() if HAS_BACKWARD_IDS else None)
    try:
        yield
    finally:
        _LOOP.reset(outer)


class _Loop:
    """The weights of a loop, each with the token that connects it to its turns."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], tuple[Tensor, Tensor | None, _LoopWeight, Tensor]] = {}

    def linear(
        self,
        values: Float[Tensor, "*shape input"],
        weight: Float[Tensor, "features input"],
        bias: Float[Tensor, " features"] | None,
    ) -> Float[Tensor, "*shape features"]:
        """Compute `values · weightᵀ + bias`, in the format of the values."""
        key = id(weight), id(bias), values.dtype
        # Weight and bias themselves are kept, so that no others can get their ids.
        if key not in self.known:
            prepared = _LoopWeight(values.dtype)
            token = _LoopStart.apply(weight, bias, prepared)  # type: ignore[no-untyped-call]
            self.known[key] = weight, bias, prepared, token
        _, _, prepared, token = self.known[key]
        flat = values.reshape(-1, values.shape[-1])
        result: Tensor = _Turn.apply(flat, token, prepared)  # type: ignore[no-untyped-call]
        return result.view(*values.shape[:-1], weight.shape[0])


class _LoopWeight:
    """A weight prepared for the products of a loop, and what its turns record in backward passes.

    Attributes:
        dtype: the format of the products.
        forward, backward: the weight and its transpose, laid out.
        bias: rounded.
    """

    forward: Tensor
    backward: Tensor
    bias: Tensor | None

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._pass = -1
        self._turns: list[tuple[Tensor, Tensor]] = []

    def record(self, values: Tensor, gradient: Tensor) -> None:
        """Record a turn of this backward pass; what an earlier pass left is discarded."""
        current = torch_private.backward_id()
        if current != self._pass:
            self._pass, self._turns = current, []
        self._turns.append((values, gradient))

    def gradients(self) -> tuple[Tensor, Tensor] | None:
        """Compute those of weight and bias; None if this backward pass recorded no turn."""
        turns, self._turns = self._turns, []
        if not turns or self._pass != torch_private.backward_id():
            return None
        values, gradients = (torch.cat(parts) for parts in zip(*turns, strict=True))
        return product(values.t(), gradients.t()).t(), gradients.sum(0)


class _LoopStart(torch.autograd.Function):
    """Connects a weight to the turns of a loop; its backward runs after those of all turns."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, bias: Tensor | None, prepared: _LoopWeight) -> Tensor:
        """Lay the weight out and return the token."""
        ctx.prepared, ctx.dtype = prepared, weight.dtype
        ctx.set_materialize_grads(False)
        rounded = weight.to(prepared.dtype)
        prepared.forward, prepared.backward = _lay_out(rounded), _lay_out(rounded.t())
        prepared.bias = None if bias is None else bias.to(prepared.dtype)
        return weight.new_empty(0)

    @staticmethod
    def backward(ctx: Any, *nothing: None) -> tuple[Tensor | None, ...]:
        """Multiply what the turns recorded.

        Raises:
            RuntimeError: if gradients are to be differentiated again, which autograd would not
                notice here, as no gradient comes in.
        """
        if torch.is_grad_enabled():
            raise RuntimeError("gradients of a loop cannot be differentiated again")
        gradients = ctx.prepared.gradients()
        if gradients is None:
            return None, None, None
        for_weight, for_bias = (gradient.to(ctx.dtype) for gradient in gradients)
        return for_weight, for_bias if ctx.needs_input_grad[1] else None, None


class _Turn(torch.autograd.Function):
    """A product in a loop."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, token: Tensor, prepared: _LoopWeight) -> Tensor:
        """Compute `values · weightᵀ + bias`."""
        ctx.prepared = prepared
        ctx.save_for_backward(values)
        return product(values, prepared.forward, prepared.bias)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, None, None]:
        """Compute the gradient of the values, and record what that of the weight needs."""
        (gradient,) = outer
        if ctx.needs_input_grad[1]:
            ctx.prepared.record(*ctx.saved_tensors, gradient)
        needed = ctx.needs_input_grad[0]
        return product(gradient, ctx.prepared.backward) if needed else None, None, None


_LOOP: ContextVar[_Loop | None] = ContextVar("_LOOP", default=None)


def _lay_out(weight: Tensor) -> Tensor:
    """Return a weight in the layout of oneDNN, where that computes `product`."""
    return torch_private.onednn_layout(weight.contiguous()) if _supports(weight) else weight


def _supports(factor: Tensor) -> bool:
    """Return whether oneDNN multiplies a tensor of this device, format and size."""
    on_cpu = factor.device.type == "cpu" and factor.dtype in ONEDNN_DTYPES
    return HAS_ONEDNN and on_cpu and factor.numel() > 0


def _records_gradients(values: Tensor, weight: Tensor) -> bool:
    recorded = torch.is_grad_enabled() and (values.requires_grad or weight.requires_grad)
    on_cpu = values.device.type == "cpu" and not torch.compiler.is_compiling()
    return recorded and on_cpu and values.numel() > 0


def _compute_dtype(values: Tensor) -> torch.dtype:
    cast = torch.is_autocast_enabled("cpu") and values.dtype != torch.float64
    return torch.get_autocast_dtype("cpu") if cast else values.dtype
