"""Matrix products of 8-bit integers, a scale for each row and one for each column."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MOST = 127.0
"""What the largest number of a row or column becomes; -128 is not used."""

ZERO = 128
"""What zero becomes in a row: u8 times s8 is what processors multiply."""

LEAST = 1e-9
"""Below it a row's scale does not fall, so that a row of zeros is one afterwards."""

SHARED = {
    "int8_axis": np.array([-1]),
    "int8_unit": np.array(1 / MOST, np.float32),
    "int8_least": np.array(LEAST, np.float32),
    "int8_one": np.array(1, np.float32),
    "int8_zero": np.array(ZERO, np.uint8),
}


@dataclass(frozen=True)
class Int8Format:
    """Rewrites each product with weights; what else there is stays in float32.

    `x W ≈ s (q Q) t` with `s = max|x| / 127` of the row, `t = max|W| / 127` of the column, and `q`,
    `Q` rounded. The scale of a row is that of this row alone: with one scale for the whole of `x`
    a sentence's translation would depend on the others of its batch.

    Attributes:
        smallest: rows and columns that weights must have at least; smaller ones gain nothing.
    """

    smallest: int

    def __call__(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Give the graph with integer products, in loops too."""
        made = onnx.ModelProto()
        made.CopyFrom(graph)
        weights = {one.name: numpy_helper.to_array(one) for one in made.graph.initializer}
        rewriting = Rewriting(weights, self.smallest, {})
        rewriting.graph(made.graph)
        stored = {**rewriting.stored, **SHARED} if rewriting.stored else {}
        made.graph.initializer.extend(
            numpy_helper.from_array(value, name) for name, value in stored.items()
        )
        _drop_unheard(made.graph)
        return made


@dataclass(frozen=True)
class Rewriting:
    """One graph on its way.

    Attributes:
        weights: what is stored in it, by name.
        smallest: rows and columns of what is made integers.
        stored: what is to be stored besides.
    """

    weights: dict[str, np.ndarray]
    smallest: int
    stored: dict[str, np.ndarray]

    def graph(self, graph: onnx.GraphProto) -> None:
        """Rewrite the products of a graph, and of those in it."""
        nodes: list[onnx.NodeProto] = []
        quantized: dict[str, tuple[str, str]] = {}
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    self.graph(attribute.g)
            nodes.extend(self.product(node, quantized) if self.fits(node) else [node])
        del graph.node[:]
        graph.node.extend(nodes)

    def fits(self, node: onnx.NodeProto) -> bool:
        """Tell whether a node is a product of rows with stored weights that are large enough."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in self.weights:
            return False
        said = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        plain = not said.get("transA", 0) and said.get("alpha", 1.0) == said.get("beta", 1.0) == 1
        weight = self.weights[node.input[1]]
        return plain and weight.ndim == 2 and min(weight.shape) >= self.smallest

    def product(
        self, node: onnx.NodeProto, quantized: dict[str, tuple[str, str]]
    ) -> Iterator[onnx.NodeProto]:
        """Give the nodes that stand in for a product; what is quantised already is not again."""
        given, out = node.input[0], node.output[0]
        if given not in quantized:
            yield from _quantize(given)
            quantized[given] = (f"{given}_int8", f"{given}_scale")
        rows, scale = quantized[given]
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
        """Store a product's weights as integers, and give their name and that of their scales."""
        transposed = any(one.name == "transB" and one.i for one in node.attribute)
        name = f"{node.input[1]}_{'transposed_' if transposed else ''}int8"
        if name not in self.stored:
            weight = self.weights[node.input[1]]
            integers, scales = quantize(weight.T if transposed else weight)
            self.stored[name], self.stored[f"{name}_scales"] = integers, scales
        return name, f"{name}_scales"


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give integers and the scale of each column, `[rows, columns]` and `[columns]`."""
    scales = np.maximum(np.abs(weight).max(axis=0) / MOST, LEAST).astype(np.float32)
    return np.rint(weight / scales).astype(np.int8), scales


def _quantize(name: str) -> Iterator[onnx.NodeProto]:
    """Give the nodes that make a row's scale and its integers."""
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


def _drop_unheard(graph: onnx.GraphProto) -> None:
    """Drop the weights that no node reads any more."""
    heard = set(_heard(graph))
    left = [one for one in graph.initializer if one.name in heard]
    del graph.initializer[:]
    graph.initializer.extend(left)


def _heard(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (one.name for one in graph.output)
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _heard(attribute.g)
