"""All names that the program uses of torch without a promise that they will stay.

Each has a test of whether this torch has it. Where the public operation computes the same, a
caller uses that instead; otherwise the error names the version of torch.
"""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from nmt.runtime.errors import NmtError


def has_onednn_products() -> bool:
    """Return whether this torch has oneDNN's products with weights in oneDNN's own layout.

    Without them `nn.functional.linear` computes the same, more slowly.
    """
    names = ("_linear_pointwise", "_reorder_linear_weight")
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available) and all(hasattr(torch.ops.mkldnn, name) for name in names)


def onednn_product(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Compute `inputs · weightᵀ + bias` by oneDNN, of a weight in any layout."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return result


def onednn_layout(weight: Tensor) -> Tensor:
    """Copy a contiguous weight into the layout of oneDNN's products."""
    result: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
    return result


def has_backward_ids() -> bool:
    """Return whether this torch numbers backward passes.

    Without numbers, each product of a loop takes the gradient of its weight by itself.
    """
    return hasattr(torch._C, "_current_graph_task_id")


def backward_id() -> int:
    """Return the number of the backward pass that is running, -1 outside of any."""
    return torch._C._current_graph_task_id()


def plain_tensors() -> AbstractContextManager[None]:
    """Return a context in which tensors of subclasses compute as plain tensors.

    Raises:
        NmtError: if this torch has none.
    """
    context: AbstractContextManager[None] = _private(torch._C, "DisableTorchFunctionSubclass")()
    return context


def load_scan() -> Callable[..., Any]:
    """Import the operator that exporters turn into a loop, and with it torch's compiler.

    Raises:
        NmtError: if this torch has none.
    """
    name = "torch._higher_order_ops.scan"
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise _missing(name) from error
    scan: Callable[..., Any] = _private(module, "scan")
    return scan


def _private(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise _missing(f"{owner.__name__}.{name}") from error


def _missing(name: str) -> NmtError:
    return NmtError(f"torch {torch.__version__} has no {name}, which this needs; use torch 2.13")
