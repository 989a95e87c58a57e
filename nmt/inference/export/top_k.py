"""The end of a step's graph, which ranks pieces instead of returning the logits of all."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nmt.data.special_ids import END

Nodes = list[tuple[list[str], list[str], str, dict[str, Any]]]
"""Inputs, outputs, operation and attributes of each node."""


def rank(step: onnx.ModelProto) -> None:
    """Add the ranking of pieces to a graph.

    There is one more input, `count`, the number of the best pieces, and four more outputs: the
    attributes of `nmt.search.arrays.scorer.BestPieces`. ONNX promises that of equal values TopK
    returns the lower index first.
    """
    constants = {
        "rank_after": np.array([END]),
        "rank_last": np.array([np.iinfo(np.int64).max]),
        "rank_axis": np.array([1]),
        "rank_end": np.array(END),
    }
    nodes: Nodes = [
        (["logits", "rank_after", "rank_last", "rank_axis"], ["rank_allowed"], "Slice", {}),
        (["rank_allowed", "count"], ["best_logits", "rank_columns"], "TopK", {"axis": 1}),
        (["rank_columns", "rank_end"], ["best_ids"], "Add", {}),
        *_normalized("logits"),
    ]
    _add(step.graph, constants, nodes)


def rank_listed(step: onnx.ModelProto) -> None:
    """Add the ranking of the pieces `listed`, whose columns the logits have; END is the first.

    The input `allowed` is true for those in a sentence's own shortlist: others get no probability,
    so that a translation does not depend on the batch.
    """
    constants = {
        "rank_positions": np.array([-1]),
        "rank_axis": np.array([1]),
        "rank_end": np.array(0),
        "rank_never": np.array(-np.inf, np.float32),
    }
    nodes: Nodes = [
        (["ids"], ["rank_rows"], "Shape", {}),
        (["rank_rows", "rank_positions"], ["rank_sizes"], "Concat", {"axis": 0}),
        (["logits", "rank_sizes"], ["rank_by_sentence"], "Reshape", {}),
        (["allowed", "rank_axis"], ["rank_allowed"], "Unsqueeze", {}),
        (["rank_allowed", "rank_by_sentence", "rank_never"], ["rank_own"], "Where", {}),
        (["logits"], ["rank_flat"], "Shape", {}),
        (["rank_own", "rank_flat"], ["rank_logits"], "Reshape", {}),
        (["rank_logits", "count"], ["best_logits", "rank_columns"], "TopK", {"axis": 1}),
        (["listed", "rank_columns"], ["best_ids"], "Gather", {}),
        *_normalized("rank_logits"),
    ]
    _add(step.graph, constants, nodes)
    step.graph.input.extend(
        (
            helper.make_tensor_value_info("listed", TensorProto.INT64, ["listed"]),
            helper.make_tensor_value_info("allowed", TensorProto.BOOL, ["batch", "listed"]),
        )
    )


def _normalized(logits: str) -> Nodes:
    """Return nodes that compute END's logit, and what LogSoftmax subtracts from it."""
    return [
        ([logits, "rank_end"], ["end"], "Gather", {"axis": 1}),
        ([logits], ["rank_log_probabilities"], "LogSoftmax", {"axis": 1}),
        (["rank_log_probabilities", "rank_end"], ["rank_ending"], "Gather", {"axis": 1}),
        (["end", "rank_ending"], ["normalizer"], "Sub", {}),
    ]


def _add(graph: onnx.GraphProto, constants: dict[str, np.ndarray], nodes: Nodes) -> None:
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    graph.node.extend(
        helper.make_node(kind, inputs, outputs, **attributes)
        for inputs, outputs, kind, attributes in nodes
    )
    graph.input.append(helper.make_tensor_value_info("count", TensorProto.INT64, [1]))
    for name, kind, axes in (
        ("best_logits", TensorProto.FLOAT, ["rows", "best"]),
        ("best_ids", TensorProto.INT64, ["rows", "best"]),
        ("end", TensorProto.FLOAT, ["rows"]),
        ("normalizer", TensorProto.FLOAT, ["rows"]),
    ):
        graph.output.append(helper.make_tensor_value_info(name, kind, axes))
