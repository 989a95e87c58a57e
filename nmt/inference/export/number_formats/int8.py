"""Matrix products of 8-bit integers with a scale for each row and each column."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nmt.inference.export.names import drop_unused

MAX_INTEGER = 127.0
"""The integer of the largest number of a row or column; -128 is not used."""

ZERO_POINT = 128
"""The integer of 0 in a row, as processors multiply unsigned by signed integers."""

MIN_SCALE = 1e-9
"""Of a row or column, so that zeros stay zeros."""

SHARED = {
    "int8_axis": np.array([-1]),
    "int8_unit": np.array(1 / MAX_INTEGER, np.float32),
    "int8_least": np.array(MIN_SCALE, np.float32),
    "int8_one": np.array(1, np.float32),
    "int8_zero": np.array(ZERO_POINT, np.uint8),
}


@dataclass(frozen=True)
class Int8Format:
    """Rewrites each product with stored weights; all else stays in float32.

    `x W ≈ s (q Q) t` with `s = max|x| / 127` of the row, `t = max|W| / 127` of the column, and `q`,
    `Q` rounded. Each row of `x` has its own scale: with one for all of `x`, a sentence's
    translation would depend on the others of its batch.

    Attributes:
        smallest: least rows and columns of weights that are rewritten; smaller ones gain nothing.
    """

    smallest: int

    def __call__(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Return the graph with integer products, also within loops."""
        result = onnx.ModelProto()
        result.CopyFrom(graph)
        initializers = result.graph.initializer
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in initializers}
        rewriter = Rewriter(weights, self.smallest, {})
        rewriter.rewrite(result.graph)
        stored = {**rewriter.stored, **SHARED} if rewriter.stored else {}
        initializers.extend(numpy_helper.from_array(value, name) for name, value in stored.items())
        drop_unused(result.graph)
        return result


@dataclass(frozen=True)
class Rewriter:
    """Rewrites one model.

    Attributes:
        weights: the model's initializers by name.
        smallest: least rows and columns of weights that are rewritten.
        stored: new initializers by name.
    """

    weights: dict[str, np.ndarray]
    smallest: int
    stored: dict[str, np.ndarray]

    def rewrite(self, graph: onnx.GraphProto) -> None:
        """Rewrite the products of a graph, and of the graphs within it."""
        nodes: list[onnx.NodeProto] = []
        quantized: dict[str, tuple[str, str]] = {}
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    self.rewrite(attribute.g)
            nodes.extend(self.product(node, quantized) if self.fits(node) else [node])
        del graph.node[:]
        graph.node.extend(nodes)

    def fits(self, node: onnx.NodeProto) -> bool:
        """Return whether a node is a product of rows with stored weights that are large enough."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in self.weights:
            return False
        values = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        plain = not values.get("transA") and values.get("alpha", 1) == values.get("beta", 1) == 1
        weight = self.weights[node.input[1]]
        return plain and weight.ndim == 2 and min(weight.shape) >= self.smallest

    def product(
        self, node: onnx.NodeProto, quantized: dict[str, tuple[str, str]]
    ) -> Iterator[onnx.NodeProto]:
        """Yield the nodes that replace a product; each input is quantized once."""
        name, out = node.input[0], node.output[0]
        if name not in quantized:
            yield from _quantize(name)
            quantized[name] = (f"{name}_int8", f"{name}_scale")
        rows, scale = quantized[name]
        weight, columns = self.weight(node)
        bias = node.input[2] if len(node.input) > 2 else ""
        scaled = f"{out}_scaled" if bias else out
        yield _node("MatMulInteger", [rows, weight, "int8_zero"], f"{out}_int32")
        yield helper.make_node("Cast", [f"{out}_int32"], [f"{out}_float"], to=TensorProto.FLOAT)
        yield _node("Mul", [f"{out}_float", columns], f"{out}_columns")
        yield _node("Mul", [f"{out}_columns", scale], scaled)
        if bias:
            yield _node("Add", [scaled, bias], out)

    def weight(self, node: onnx.NodeProto) -> tuple[str, str]:
        """Store a product's weights as integers; return their name and that of their scales."""
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        name = f"{node.input[1]}_{'transposed_' if transposed else ''}int8"
        if name not in self.stored:
            weight = self.weights[node.input[1]]
            integers, scales = quantize(weight.T if transposed else weight)
            self.stored[name], self.stored[f"{name}_scales"] = integers, scales
        return name, f"{name}_scales"


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return integers `[rows, columns]` and the scale of each column `[columns]`."""
    scales = np.maximum(np.abs(weight).max(axis=0) / MAX_INTEGER, MIN_SCALE).astype(np.float32)
    return np.rint(weight / scales).astype(np.int8), scales


def _quantize(name: str) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that compute the scales and integers of rows."""
    yield _node("Abs", [name], f"{name}_magnitude")
    yield helper.make_node(
        "ReduceMax", [f"{name}_magnitude", "int8_axis"], [f"{name}_largest"], keepdims=1
    )
    yield _node("Mul", [f"{name}_largest", "int8_unit"], f"{name}_unit")
    yield _node("Max", [f"{name}_unit", "int8_least"], f"{name}_scale")
    yield _node("Div", [name, f"{name}_scale"], f"{name}_divided")
    yield _node("QuantizeLinear", [f"{name}_divided", "int8_one", "int8_zero"], f"{name}_int8")


def _node(kind: str, inputs: list[str], output: str) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output])
