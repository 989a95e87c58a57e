"""The contract of a number format."""

from typing import Protocol, runtime_checkable

import onnx


@runtime_checkable
class NumberFormat(Protocol):
    """Rewrites a graph that computes in float32; what goes in and comes out of it stays so."""

    def __call__(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Give the graph in other numbers."""
        ...
