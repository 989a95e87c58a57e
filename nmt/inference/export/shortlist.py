"""A step's graph of which each batch chooses the output's columns, for shortlists."""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PRODUCTS = ("MatMul", "Gemm", "MatMulInteger")


def split(step: onnx.ModelProto, pieces: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Give a graph that chooses columns, and the step's that computes logits of these alone.

    They are chosen once a batch, not at each step. The first graph makes of `listed`, ids of
    pieces, the outputs `columns_0` and so on: the columns of weights, and of their scales and
    biases where there are any. These are inputs of the second graph.

    Args:
        step: gives `logits`, in any numbers; is left as it is.
        pieces: in the target vocabulary.
    """
    listed = onnx.ModelProto()
    listed.CopyFrom(step)
    graph = listed.graph
    tensors = {one.name: one for one in graph.initializer}
    chosen: list[tuple[onnx.TensorProto, int]] = []
    for node in _head(graph):
        for place, name in enumerate(node.input):
            axis = _axis(node, place, pieces, tensors)
            if axis is not None:
                node.input[place] = f"columns_{len(chosen)}"
                chosen.append((tensors[name], axis))
    _drop_unheard(graph)
    columns = _choosing(chosen)
    graph.input.extend(columns.output)
    made = helper.make_model(columns, opset_imports=step.opset_import, ir_version=step.ir_version)
    return made, listed


def _head(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Give the nodes from `logits` back to the product that they are made by."""
    made_by = {name: node for node in graph.node for name in node.output}
    node = made_by["logits"]
    while node.op_type not in PRODUCTS:
        yield node
        node = made_by[node.input[0]]
    yield node


def _axis(
    node: onnx.NodeProto, place: int, pieces: int, tensors: dict[str, onnx.TensorProto]
) -> int | None:
    """Tell along which axis a node's input has the pieces, None where it has not."""
    name = node.input[place]
    if place == 0 or name not in tensors or pieces not in tensors[name].dims:
        return None
    transposed = any(one.name == "transB" and one.i for one in node.attribute)
    return 0 if transposed and place == 1 else len(tensors[name].dims) - 1


def _choosing(chosen: list[tuple[onnx.TensorProto, int]]) -> onnx.GraphProto:
    """Give the graph that takes the columns; of a matrix it takes rows, which lie together."""
    nodes, stored, outputs = [], [], []
    for number, (tensor, axis) in enumerate(chosen):
        name, kept = f"columns_{number}", numpy_helper.to_array(tensor)
        if axis == 1:
            stored.append(numpy_helper.from_array(np.ascontiguousarray(kept.T), f"{name}_all"))
            nodes.append(helper.make_node("Gather", [f"{name}_all", "listed"], [f"{name}_rows"]))
            nodes.append(helper.make_node("Transpose", [f"{name}_rows"], [name]))
        else:
            stored.append(numpy_helper.from_array(kept, f"{name}_all"))
            nodes.append(helper.make_node("Gather", [f"{name}_all", "listed"], [name]))
        sizes = ["listed" if at == axis else size for at, size in enumerate(tensor.dims)]
        outputs.append(helper.make_tensor_value_info(name, tensor.data_type, sizes))
    listed = helper.make_tensor_value_info("listed", TensorProto.INT64, ["listed"])
    return helper.make_graph(nodes, "columns", [listed], outputs, stored)


def _drop_unheard(graph: onnx.GraphProto) -> None:
    """Drop the table where no embedding shares it; loops in a graph do not read it."""
    heard = {name for node in graph.node for name in node.input}
    heard |= {*_inner(graph), *(one.name for one in graph.output)}
    left = [one for one in graph.initializer if one.name in heard]
    del graph.initializer[:]
    graph.initializer.extend(left)


def _inner(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        for attribute in node.attribute:
            for inner in attribute.g.node:
                yield from inner.input
            yield from _inner(attribute.g)
