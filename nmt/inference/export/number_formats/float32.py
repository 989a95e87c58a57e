"""The numbers that a model was trained to give."""

from dataclasses import dataclass

import onnx


@dataclass(frozen=True)
class Float32Format:
    """Leaves a graph as it is."""

    def __call__(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Give the same graph."""
        return graph
