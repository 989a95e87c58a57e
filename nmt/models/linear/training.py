"""Matrix products of training, by the faster of the libraries that torch has on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from nmt.models.linear.packed import has_layouts
from nmt.runtime.out_of_memory import is_out_of_memory

FORMATS = (torch.float32, torch.bfloat16)
"""What oneDNN multiplies on a CPU; float64 is left to torch."""

ONE_DNN = has_layouts()
"""Whether this torch has oneDNN, and the operations by which it is asked for products."""


def product(
    values: Float[Tensor, "rows input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None = None,
) -> Float[Tensor, "rows features"]:
    """Give `values · weightᵀ + bias` without recording gradients; factors may be transposed views.

    torch gives products of float32 to MKL, which reaches half of the rate of oneDNN on AMD's
    processors; and before a product in bfloat16 it writes the bias to every row of the result.
    """
    if weight.is_mkldnn or (_known(values) and _known(weight)):
        try:
            made: Tensor = torch.ops.mkldnn._linear_pointwise(values, weight, bias, "none", [], "")
            return made
        except RuntimeError as error:
            # oneDNN found no room for the code that it writes; torch's way may need none.
            if not is_out_of_memory(error):
                raise
            if weight.is_mkldnn:
                weight = weight.to_dense()
    return nn.functional.linear(values, weight, bias)


def linear(
    values: Float[Tensor, "*places input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None,
) -> Float[Tensor, "*places features"]:
    """Give `values · weightᵀ + bias`, in the format of autocast where that is on.

    At rest, on other devices, of nothing and in exported networks it is torch's function.
    """
    if not _trains(values, weight):
        return nn.functional.linear(values, weight, bias)
    kind = _format(values)
    loop = _LOOP.get()
    if loop is not None:
        return loop.linear(values.to(kind), weight, bias)
    rounded = None if bias is None else bias.to(kind)
    made: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
        values.to(kind).reshape(-1, values.shape[-1]), weight.to(kind), rounded
    )
    return made.view(*values.shape[:-1], weight.shape[0])


class _Product(torch.autograd.Function):
    """`product`, whose gradients are products again."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Float[Tensor, "rows input"],
        weight: Float[Tensor, "features input"],
        bias: Float[Tensor, " features"] | None,
    ) -> Float[Tensor, "rows features"]:
        """Give `values · weightᵀ + bias`."""
        ctx.save_for_backward(values, weight)
        return product(values, weight, bias)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients that somebody needs."""
        values, weight = ctx.saved_tensors
        (gradient,) = outer
        of_values, of_weight, of_bias = ctx.needs_input_grad
        return (
            product(gradient, weight.t()) if of_values else None,
            product(values.t(), gradient.t()).t() if of_weight else None,
            gradient.sum(0) if of_bias else None,
        )


@contextmanager
def recurring() -> Iterator[None]:
    """Take what `linear` is asked for within as a loop, whose weights are the same at each turn.

    A weight is rounded and laid out once. In the backward pass the turns only note what entered
    and which gradient came; the weight's gradient then is one product over all turns, where one a
    turn would read and write the whole matrix each time.
    """
    outside = _LOOP.set(_Loop())
    try:
        yield
    finally:
        _LOOP.reset(outside)


class _Loop:
    """The weights of one loop, each with the token that ties it to its turns."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], tuple[Tensor, Tensor | None, _Weight, Tensor]] = {}

    def linear(
        self,
        values: Float[Tensor, "*places input"],
        weight: Float[Tensor, "features input"],
        bias: Float[Tensor, " features"] | None,
    ) -> Float[Tensor, "*places features"]:
        """Give `values · weightᵀ + bias`, in the format of the values."""
        key = id(weight), id(bias), values.dtype
        # Weight and bias themselves are held, so that no others can take over their identity.
        if key not in self.known:
            own = _Weight(values.dtype)
            token = _Begin.apply(weight, bias, own)  # type: ignore[no-untyped-call]
            self.known[key] = weight, bias, own, token
        _, _, own, token = self.known[key]
        flat = values.reshape(-1, values.shape[-1])
        made: Tensor = _Turn.apply(flat, token, own)  # type: ignore[no-untyped-call]
        return made.view(*values.shape[:-1], weight.shape[0])


class _Weight:
    """A weight as a loop multiplies by it, and what its turns note on the way back.

    Attributes:
        kind: the products' format.
        onward, back: the weight and its transpose, laid out.
        bias: rounded.
    """

    onward: Tensor
    back: Tensor
    bias: Tensor | None

    def __init__(self, kind: torch.dtype) -> None:
        self.kind = kind
        self._task = -1
        self._turns: list[tuple[Tensor, Tensor]] = []

    def note(self, values: Tensor, gradient: Tensor) -> None:
        """Remember a turn of this backward pass; what an earlier pass left is forgotten."""
        task = torch._C._current_graph_task_id()
        if task != self._task:
            self._task, self._turns = task, []
        self._turns.append((values, gradient))

    def gradients(self) -> tuple[Tensor, Tensor] | None:
        """Give those of weight and bias; None if no turn had one in this backward pass."""
        turns, self._turns = self._turns, []
        if not turns or self._task != torch._C._current_graph_task_id():
            return None
        values, gradients = (torch.cat(parts) for parts in zip(*turns, strict=True))
        return product(values.t(), gradients.t()).t(), gradients.sum(0)


class _Begin(torch.autograd.Function):
    """Stands between a weight and the turns of a loop, after all of them on the way back."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, bias: Tensor | None, own: _Weight) -> Tensor:
        """Lay the weight out, and give the token."""
        ctx.own, ctx.format = own, weight.dtype
        ctx.set_materialize_grads(False)
        rounded = weight.to(own.kind)
        own.onward, own.back = _laid_out(rounded), _laid_out(rounded.t())
        own.bias = None if bias is None else bias.to(own.kind)
        return weight.new_empty(0)

    @staticmethod
    def backward(ctx: Any, *nothing: None) -> tuple[Tensor | None, ...]:
        """Multiply what the turns noted.

        Raises:
            RuntimeError: if gradients are to be differentiated again, which autograd would not
                notice here, as nothing comes in.
        """
        if torch.is_grad_enabled():
            raise RuntimeError("gradients of a loop cannot be differentiated again")
        made = ctx.own.gradients()
        if made is None:
            return None, None, None
        of_weight, of_bias = (gradient.to(ctx.format) for gradient in made)
        return of_weight, of_bias if ctx.needs_input_grad[1] else None, None


class _Turn(torch.autograd.Function):
    """A product in a loop."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, token: Tensor, own: _Weight) -> Tensor:
        """Give `values · weightᵀ + bias`."""
        ctx.own = own
        ctx.save_for_backward(values)
        return product(values, own.onward, own.bias)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, None, None]:
        """Give the gradient of the values, and note what the weight's is made from."""
        (gradient,) = outer
        if ctx.needs_input_grad[1]:
            ctx.own.note(*ctx.saved_tensors, gradient)
        of_values = product(gradient, ctx.own.back) if ctx.needs_input_grad[0] else None
        return of_values, None, None


_LOOP: ContextVar[_Loop | None] = ContextVar("_LOOP", default=None)


def _laid_out(weight: Tensor) -> Tensor:
    """Give a weight in the order of oneDNN's kernels, where these compute `product`."""
    if _known(weight):
        made: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
        return made
    return weight


def _known(factor: Tensor) -> bool:
    """Say whether oneDNN multiplies such a thing."""
    on_cpu = factor.device.type == "cpu" and factor.dtype in FORMATS
    return ONE_DNN and on_cpu and factor.numel() > 0


def _trains(values: Tensor, weight: Tensor) -> bool:
    recorded = torch.is_grad_enabled() and (values.requires_grad or weight.requires_grad)
    on_cpu = values.device.type == "cpu" and not torch.compiler.is_compiling()
    return recorded and on_cpu and values.numel() > 0


def _format(values: Tensor) -> torch.dtype:
    cast = torch.is_autocast_enabled("cpu") and values.dtype != torch.float64
    return torch.get_autocast_dtype("cpu") if cast else values.dtype
