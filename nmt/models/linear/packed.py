"""Weights of a network at rest, laid out once for the matrix products that they enter."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from nmt.models import tree

Product = Callable[[Tensor, Tensor | None], Tensor]
"""Computes `inputs · weightᵀ + bias` of (inputs, bias)."""

NetworkT = TypeVar("NetworkT", bound=nn.Module)

WHOLE_LAYERS = (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu)
"""Kernels that run a recurrent layer over all places, and do so in the format of their tensors."""


class PackedWeight(Tensor):
    """A weight `[features, input]` that has a format of its own for matrix products.

    `nn.functional.linear` rounds its factors to that format and gives float32; on a CPU oneDNN
    lays the weight out for its kernels at the first product and keeps that. `WHOLE_LAYERS` run in
    the format. For everything else this is the float32 tensor that it was.

    Attributes:
        rounding: format of the products' factors; float32 rounds nothing.
        product: what the first product made.
    """

    rounding: torch.dtype
    product: Product | None

    @classmethod
    def of(cls, weight: Tensor, rounding: torch.dtype) -> "PackedWeight":
        """Give a weight that shares the memory of `weight`."""
        packed: PackedWeight = weight.detach().as_subclass(cls)
        packed.rounding = rounding
        packed.product = None
        return packed

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute matrix products in the format, and all else as torch does."""
        with torch._C.DisableTorchFunctionSubclass():
            if func is nn.functional.linear and isinstance(args[1], PackedWeight):
                return args[1].multiplied(args[0], *args[2:], **(kwargs or {}))
            if func in WHOLE_LAYERS:
                formats = {
                    weight.rounding for weight in args[2] if isinstance(weight, PackedWeight)
                }
                rounded = tree.apply(partial(_as, formats.pop()), args)
                return tree.apply(partial(_as, torch.float32), func(*rounded))
            return func(*args, **(kwargs or {}))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Send the float32 tensor and the format; who receives it makes a layout of their own."""
        return PackedWeight.of, (self.as_subclass(Tensor), self.rounding)

    def multiplied(self, inputs: Tensor, bias: Tensor | None = None) -> Tensor:
        """Give `inputs · weightᵀ + bias` in float32."""
        if self.product is None:
            self.product = _laid_out(self.as_subclass(Tensor).to(self.rounding))
        rounded = None if bias is None else bias.to(self.rounding)
        return self.product(inputs.to(self.rounding), rounded).to(torch.float32)


def rows(weight: Tensor, ids: Tensor) -> Tensor:
    """Take rows of a matrix; those of a packed one are packed alike."""
    taken = weight.index_select(0, ids)
    return PackedWeight.of(taken, weight.rounding) if isinstance(weight, PackedWeight) else taken


def pack(network: NetworkT, rounding: torch.dtype) -> NetworkT:
    """Make packed buffers of a network's matrices, which can then be trained no more.

    Matrices that are shared stay shared. Those that are not float32 stay as they are.

    Args:
        network: at rest; it is changed.
        rounding: format of the products' factors.
    """
    made: dict[int, PackedWeight] = {}
    for module in list(network.modules()):
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.dim() == 2 and weight.dtype == torch.float32:
                packed = made.setdefault(id(weight), PackedWeight.of(weight, rounding))
                delattr(module, name)
                module.register_buffer(name, packed)
    return network


def has_layouts() -> bool:
    """Say whether this torch has oneDNN's products with weights that are laid out before.

    They are no public part of torch, which may drop them.
    """
    names = ("_linear_pointwise", "_reorder_linear_weight")
    return torch._C._has_mkldnn and all(hasattr(torch.ops.mkldnn, name) for name in names)


def _laid_out(weight: Tensor) -> Product:
    if weight.device.type != "cpu" or not weight.numel() or not has_layouts():
        return partial(_common, weight)
    return partial(_by_layout, torch.ops.mkldnn._reorder_linear_weight(weight))


def _common(weight: Tensor, inputs: Tensor, bias: Tensor | None) -> Tensor:
    return nn.functional.linear(inputs, weight, bias)


def _by_layout(layout: Tensor, inputs: Tensor, bias: Tensor | None) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, layout, bias, "none", [], "")
    return product


def _as(rounding: torch.dtype, tensor: Any) -> Any:
    floating = isinstance(tensor, Tensor) and tensor.is_floating_point()
    return tensor.to(rounding) if floating else tensor
