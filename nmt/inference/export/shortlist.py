"""A step's graph that computes the logits of a batch's shortlists only."""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nmt.inference.export.names import drop_unused

PRODUCTS = ("MatMul", "Gemm", "MatMulInteger")


def split(step: onnx.ModelProto, pieces: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return a graph that selects columns, and the step's graph that takes them.

    They are selected once per batch, not at each step. The outputs of the first graph, `columns_0`
    and so on, are the columns of the pieces `listed`: of weights, and of their scales and biases if
    there are any. They are inputs of the second graph.

    Args:
        step: computes `logits`, in any number format; it is not changed.
        pieces: size of the target vocabulary.
    """
    listed = onnx.ModelProto()
    listed.CopyFrom(step)
    graph = listed.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    chosen: list[tuple[onnx.TensorProto, int]] = []
    for node in _head(graph):
        for position, name in enumerate(node.input):
            axis = _axis(node, position, pieces, tensors)
            if axis is not None:
                node.input[position] = f"columns_{len(chosen)}"
                chosen.append((tensors[name], axis))
    drop_unused(graph)
    columns = _selection(chosen)
    graph.input.extend(columns.output)
    return (
        helper.make_model(columns, opset_imports=step.opset_import, ir_version=step.ir_version),
        listed,
    )


def _head(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes from `logits` back to the product that computes them."""
    producers = {name: node for node in graph.node for name in node.output}
    node = producers["logits"]
    while node.op_type not in PRODUCTS:
        yield node
        node = producers[node.input[0]]
    yield node


def _axis(
    node: onnx.NodeProto, position: int, pieces: int, tensors: dict[str, onnx.TensorProto]
) -> int | None:
    """Return the axis of the pieces in a stored input of a node; None if there is none."""
    name = node.input[position]
    if position == 0 or name not in tensors or pieces not in tensors[name].dims:
        return None
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if transposed and position == 1 else len(tensors[name].dims) - 1


def _selection(chosen: list[tuple[onnx.TensorProto, int]]) -> onnx.GraphProto:
    """Return the graph that selects columns, as contiguous rows of transposed matrices."""
    nodes, stored, outputs = [], [], []
    for number, (tensor, axis) in enumerate(chosen):
        name, values = f"columns_{number}", numpy_helper.to_array(tensor)
        if axis == 1:
            stored.append(numpy_helper.from_array(np.ascontiguousarray(values.T), f"{name}_all"))
            nodes.append(helper.make_node("Gather", [f"{name}_all", "listed"], [f"{name}_rows"]))
            nodes.append(helper.make_node("Transpose", [f"{name}_rows"], [name]))
        else:
            stored.append(numpy_helper.from_array(values, f"{name}_all"))
            nodes.append(helper.make_node("Gather", [f"{name}_all", "listed"], [name]))
        sizes = ["listed" if number == axis else size for number, size in enumerate(tensor.dims)]
        outputs.append(helper.make_tensor_value_info(name, tensor.data_type, sizes))
    listed = helper.make_tensor_value_info("listed", TensorProto.INT64, ["listed"])
    return helper.make_graph(nodes, "columns", [listed], outputs, stored)
