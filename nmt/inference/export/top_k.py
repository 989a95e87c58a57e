"""The end of a step's graph: the best pieces instead of the logits of all."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nmt.data.special_ids import END

Nodes = list[tuple[list[str], list[str], str, dict[str, Any]]]
"""Inputs, outputs, operation and attributes of each."""


def rank(step: onnx.ModelProto) -> None:
    """Add to a graph what a search asks for, so that logits need not leave it.

    The input `count` says how many of the best are wanted. There are four more outputs, named as
    the attributes of `nmt.search.arrays.scorer.BestPieces`. ONNX promises of TopK that of equal
    values
    the lower index comes first.
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
    """Do what `rank` does, where the columns are those of the ids `listed`, END the first.

    The input `allowed` says which of them stand in each sentence's own list: others have no
    probability, so that batch mates change nothing.
    """
    constants = {
        "rank_places": np.array([-1]),
        "rank_axis": np.array([1]),
        "rank_end": np.array(0),
        "rank_never": np.array(-np.inf, np.float32),
    }
    nodes: Nodes = [
        (["ids"], ["rank_rows"], "Shape", {}),
        (["rank_rows", "rank_places"], ["rank_sizes"], "Concat", {"axis": 0}),
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
    """Give the normalizer as what LogSoftmax subtracts from END's logit."""
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
