"""Graphs that pass the inspection and ask for time or memory without bound are stopped."""

from pathlib import Path

import numpy as np
import pytest

from nmt.inference.engines import limits
from nmt.inference.engines.onnx_runtime import ExportedModel
from nmt.inspection.exported_folder import ENCODER, STEP, check_graphs
from nmt.runtime.errors import ModelError
from nmt.runtime.out_of_memory import is_out_of_memory

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
helper, FLOAT, INT64 = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
ROWS = [
    helper.make_node("Mul", ["size", "size"], ["many"]),
    helper.make_node("Concat", ["many", "width"], ["shape"], axis=0),
    helper.make_node("ConstantOfShape", ["shape"], ["rows"]),
]


def model(nodes, output, width):
    """Return a graph over `source`, whose `rows` have 2**40 rows of a width."""
    source = helper.make_tensor_value_info("source", INT64, ["batch", "positions"])
    result = helper.make_tensor_value_info(output, FLOAT, None)
    constants = [
        onnx.numpy_helper.from_array(np.array([1 << 20]), "size"),
        onnx.numpy_helper.from_array(np.array([width]), "width"),
    ]
    graph = helper.make_graph([*ROWS, *nodes], "graph", [source], [result], constants)
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def loaded(encoder):
    graphs = {ENCODER: encoder, STEP: encoder}
    check_graphs({ENCODER: encoder}, Path("folder"))
    return ExportedModel.load(graphs, 10, 1, None)


def endless():
    """Return a loop over 2**40 rows of nothing."""
    nothing = helper.make_tensor_value_info("nothing", FLOAT, [0])
    same = helper.make_tensor_value_info("same", FLOAT, [0])
    body = helper.make_graph(
        [helper.make_node("Identity", ["nothing"], ["same"])], "body", [nothing], [same]
    )
    loop = helper.make_node("Scan", ["rows"], ["out"], body=body, num_scan_inputs=1)
    return model([loop], "out", 0)


def test_a_loop_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(limits, "ENCODER_SECONDS", 0.2)
    encoder = loaded(endless())
    with pytest.raises(ModelError, match=r"takes more than 0\.2 s for a batch, and was stopped"):
        encoder.start(np.array([[5, 3]]))


@pytest.mark.parametrize("width", [1, 1000])
def test_no_graph_gets_more_memory_than_half_of_the_machines(width):
    total = helper.make_node("ReduceSum", ["rows"], ["total"], keepdims=0)
    with pytest.raises(Exception, match="Available memory of") as caught:
        loaded(model([total], "total", width)).start(np.array([[5, 3]]))
    assert is_out_of_memory(caught.value)
