"""Matrix products of training, by the faster of the libraries that torch has on a CPU."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

FORMATS = (torch.float32, torch.bfloat16)
"""What oneDNN multiplies on a CPU; float64 is left to torch."""

ONE_DNN = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
"""Whether this torch has oneDNN, and the operation by which it is asked for a product."""


def product(
    values: Float[Tensor, "rows input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None = None,
) -> Float[Tensor, "rows features"]:
    """Give `values · weightᵀ + bias` without recording gradients; factors may be transposed views.

    torch gives products of float32 to MKL, which reaches half of the rate of oneDNN on AMD's
    processors; and before a product in bfloat16 it writes the bias to every row of the result.
    """
    if ONE_DNN and values.device.type == "cpu" and values.dtype in FORMATS and values.numel():
        made: Tensor = torch.ops.mkldnn._linear_pointwise(values, weight, bias, "none", [], "")
        return made
    return nn.functional.linear(values, weight, bias)


def linear(
    values: Float[Tensor, "*places input"],
    weight: Float[Tensor, "features input"],
    bias: Float[Tensor, " features"] | None,
) -> Float[Tensor, "*places features"]:
    """Give `values · weightᵀ + bias`, in the format of autocast where that is on.

    At rest, on other devices and in exported networks it is torch's function.
    """
    if not _trains(values, weight):
        return nn.functional.linear(values, weight, bias)
    kind = _format(values)
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


def _trains(values: Tensor, weight: Tensor) -> bool:
    recorded = torch.is_grad_enabled() and (values.requires_grad or weight.requires_grad)
    return recorded and values.device.type == "cpu" and not torch.compiler.is_compiling()


def _format(values: Tensor) -> torch.dtype:
    cast = torch.is_autocast_enabled("cpu") and values.dtype != torch.float64
    return torch.get_autocast_dtype("cpu") if cast else values.dtype
