"""Weights of a network in evaluation mode, laid out once for their matrix products."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from nmt.models import torch_private, tree

Product = Callable[[Tensor, Tensor | None], Tensor]
"""Computes `inputs · weightᵀ + bias` of (inputs, bias)."""

NetworkT = TypeVar("NetworkT", bound=nn.Module)

LAYER_KERNELS = (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu)
"""Kernels that run a recurrent layer over all positions, in the format of their tensors."""


class PackedWeight(Tensor):
    """A weight `[features, input]` with its own format for matrix products.

    `nn.functional.linear` rounds its factors to that format and returns float32; on a CPU oneDNN
    lays the weight out at the first product, and the layout is kept. `LAYER_KERNELS` run in the
    format. To all other operations this is a float32 tensor.

    Attributes:
        compute_dtype: format of the products' factors; float32 rounds nothing.
        product: prepared by the first product.
    """

    compute_dtype: torch.dtype
    product: Product | None

    @classmethod
    def of(cls, weight: Tensor, compute_dtype: torch.dtype) -> "PackedWeight":
        """Return a packed weight that shares the memory of `weight`."""
        packed: PackedWeight = weight.detach().as_subclass(cls)
        packed.compute_dtype = compute_dtype
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
        """Compute matrix products in the format, and everything else as torch does."""
        with torch_private.plain_tensors():
            if func is nn.functional.linear and isinstance(args[1], PackedWeight):
                return args[1].linear(args[0], *args[2:], **(kwargs or {}))
            if func in LAYER_KERNELS:
                dtypes = {
                    weight.compute_dtype for weight in args[2] if isinstance(weight, PackedWeight)
                }
                rounded = tree.apply(partial(_cast, dtypes.pop()), args)
                return tree.apply(partial(_cast, torch.float32), func(*rounded))
            return func(*args, **(kwargs or {}))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Pickle the float32 tensor and the format; the receiver makes its own layout."""
        return PackedWeight.of, (self.as_subclass(Tensor), self.compute_dtype)

    def linear(self, inputs: Tensor, bias: Tensor | None = None) -> Tensor:
        """Compute `inputs · weightᵀ + bias`; the result is float32."""
        if self.product is None:
            self.product = _prepare(self.as_subclass(Tensor).to(self.compute_dtype))
        rounded = None if bias is None else bias.to(self.compute_dtype)
        return self.product(inputs.to(self.compute_dtype), rounded).to(torch.float32)


def select_rows(weight: Tensor, ids: Tensor) -> Tensor:
    """Take rows of a matrix; those of a packed one are packed alike."""
    rows = weight.index_select(0, ids)
    return PackedWeight.of(rows, weight.compute_dtype) if isinstance(weight, PackedWeight) else rows


def pack(network: NetworkT, compute_dtype: torch.dtype) -> NetworkT:
    """Turn a network's matrices into packed buffers, which can no longer be trained.

    Shared matrices stay shared. Those that are not float32 stay as they are.

    Args:
        network: in evaluation mode; it is changed.
        compute_dtype: format of the products' factors.
    """
    packed: dict[int, PackedWeight] = {}
    for module in list(network.modules()):
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.dim() == 2 and weight.dtype == torch.float32:
                buffer = packed.setdefault(id(weight), PackedWeight.of(weight, compute_dtype))
                delattr(module, name)
                module.register_buffer(name, buffer)
    return network


def _prepare(weight: Tensor) -> Product:
    available = weight.device.type == "cpu" and weight.numel()
    if not available or not torch_private.has_onednn_products():
        return partial(_torch_product, weight)
    return partial(_onednn_product, torch_private.onednn_layout(weight))


def _torch_product(weight: Tensor, inputs: Tensor, bias: Tensor | None) -> Tensor:
    return nn.functional.linear(inputs, weight, bias)


def _onednn_product(weight: Tensor, inputs: Tensor, bias: Tensor | None) -> Tensor:
    return torch_private.onednn_product(inputs, weight, bias)


def _cast(dtype: torch.dtype, value: Any) -> Any:
    floating = isinstance(value, Tensor) and value.is_floating_point()
    return value.to(dtype) if floating else value
