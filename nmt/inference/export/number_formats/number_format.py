"""The contract of a number format."""

from typing import Protocol, runtime_checkable

import onnx


@runtime_checkable
class NumberFormat(Protocol):
    """Rewrites a graph to compute in other numbers; inputs and outputs stay in float32."""

    def __call__(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Return the rewritten graph; the argument is not changed."""
        ...
