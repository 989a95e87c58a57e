"""Exported models are checked before anything of them is used: graphs, checksums, links."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.folders import seal

from nmt.inspection import onnx_graphs
from nmt.inspection.exported_folder import check_graphs, inspect
from nmt.inspection.model_folder import inspect_all
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")


def outside(graph):
    tensor = next(one for one in graph.graph.initializer if one.raw_data)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")


def endless(graph):
    graph.graph.node.append(onnx.helper.make_node("Loop", ["", ""], []))


def foreign(graph):
    graph.graph.node.append(onnx.helper.make_node("Run", [], [], domain="evil"))


def sparse(graph):
    values = onnx.helper.make_tensor("values", onnx.TensorProto.FLOAT, [1], [1.0])
    places = onnx.helper.make_tensor("places", onnx.TensorProto.INT64, [1], [0])
    given = onnx.helper.make_sparse_tensor(values, places, [2])
    graph.graph.node.append(onnx.helper.make_node("Constant", [], ["c"], sparse_value=given))


def deep(graph):
    for _ in range(9):
        node = onnx.helper.make_node("Scan", [], [], body=graph.graph, num_scan_inputs=0)
        inner = onnx.helper.make_graph([node], "deep", [], [])
        graph.graph.CopyFrom(inner)


def constant(*values):
    """Return a change that adds a constant of 64-bit integers."""

    def change(graph):
        array = np.array(values, dtype=np.int64)
        graph.graph.initializer.append(onnx.numpy_helper.from_array(array, "constant"))

    return change


def short(graph):
    tensor = next(one for one in graph.graph.initializer if one.raw_data)
    tensor.raw_data = tensor.raw_data[:-1]


def node(operation):
    return lambda graph: graph.graph.node.append(onnx.helper.make_node(operation, ["a"], ["b"]))


def repeating(graph):
    attribute = onnx.helper.make_attribute("size", 1 << 40)
    graph.graph.node[0].attribute.append(attribute)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (constant(1 << 37), "it has the constant 137438953472; expected at most 1048576"),
        (constant(-(1 << 21)), "it has the constant -2097152; expected at most 1048576"),
        (constant(1 << 20, 1 << 17), "it has a tensor of the sizes [1048576, 131072]"),
        (constant(1 << 10, 1 << 10, 1 << 10), "it has a tensor of the sizes [1024, 1024, 1024]"),
        (repeating, "it has the constant 1099511627776"),
        (short, " bytes"),
        (node("Tile"), "it has the operation b'Tile'"),
        (node("RandomNormal"), "it has the operation b'RandomNormal'"),
        (node("If"), "it has the operation b'If'"),
        (node("SequenceMap"), "it has the operation b'SequenceMap'"),
        (
            lambda graph: graph.opset_import.add(domain="evil", version=1),
            "it has operations of b'evil', not of ONNX itself",
        ),
        (outside, "part of its data is in another file"),
        (endless, "it has the operation b'Loop'"),
        (foreign, "it has an operation of b'evil', not of ONNX itself"),
        (sparse, "it has sparse tensors"),
        (deep, "its graphs are nested too deeply"),
        (lambda graph: graph.functions.add(name="f"), "it has functions"),
        (lambda graph: graph.ClearField("graph"), "it has 0 graphs"),
    ],
)
@pytest.mark.parametrize("name", ["encoder.onnx", "step.onnx", "columns.onnx", "step_listed.onnx"])
def test_graphs_with_external_data_loops_or_foreign_operations_are_refused(
    exported_model, tmp_path, harm, message, name
):
    copied = Path(shutil.copytree(exported_model, tmp_path / "copied"))
    graph = onnx.load(copied / name)
    harm(graph)
    (copied / name).write_bytes(graph.SerializeToString())
    seal(copied)
    with pytest.raises(ModelError, match=re.escape(message)):
        inspect(copied)


@pytest.mark.parametrize("name", ["step.onnx", "columns.onnx", "step_listed.onnx"])
def test_only_an_encoder_has_a_loop(exported_model, name):
    graph = onnx.load(exported_model / name)
    graph.graph.node.append(onnx.helper.make_node("Scan", ["a"], ["b"]))
    with pytest.raises(ModelError, match="it has the operation b'Scan'"):
        check_graphs({name: graph.SerializeToString()}, exported_model)
    check_graphs({"encoder.onnx": graph.SerializeToString()}, exported_model)


@pytest.mark.parametrize(
    "values", [(2**63 - 1,), (-(2**63),), (-1, 0, 1 << 20), (1 << 14, 1 << 14)]
)
def test_constants_of_sizes_and_ends_are_allowed(exported_model, values):
    graph = onnx.load(exported_model / "step.onnx")
    constant(*values)(graph)
    check_graphs({"step.onnx": graph.SerializeToString()}, exported_model)


def test_a_field_of_another_type_is_refused():
    # A graph (7) with a node (1) whose operation (4) is a number.
    data = bytes([7 << 3 | 2, 4, 1 << 3 | 2, 2, 4 << 3, 9])
    with pytest.raises(ModelError, match="g is no graph of an exported model: it has the field 4"):
        onnx_graphs.check(data, "g", onnx_graphs.OPERATIONS)


def test_an_exported_model_is_refused_as_a_model_for_torch(exported_model):
    with pytest.raises(ModelError, match="holds an exported model"):
        inspect_all([str(exported_model)], ("model",), [])


def test_a_folder_that_was_altered_is_refused(exported_model, tmp_path):
    copied = Path(shutil.copytree(exported_model, tmp_path / "copied"))
    data = (copied / "step.onnx").read_bytes()
    (copied / "step.onnx").write_bytes(data[:-1] + b"\0")
    with pytest.raises(ModelError, match=r"step\.onnx is not what it was when it was written"):
        inspect(copied)
    (copied / "step.onnx").write_bytes(data[: len(data) // 2])
    seal(copied)
    with pytest.raises(ModelError, match=r"step\.onnx is no graph of an exported model"):
        inspect(copied)
    (copied / "step.onnx").unlink()
    (copied / "step.onnx").symlink_to(exported_model / "step.onnx")
    with pytest.raises(ModelError, match="is a symbolic link"):
        inspect(copied)
    shutil.copy(exported_model / "export.yaml", copied)
    (copied / checksums.NAME).unlink()
    (copied / "step.onnx").unlink()
    (copied / "step.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="SHA256SUMS is missing"):
        inspect(copied)
    (copied / "export.yaml").write_text("format: 9\n")
    seal(copied)
    with pytest.raises(
        ModelError,
        match="has format 9, this program reads format 1; export the",
    ):
        inspect(copied)
