"""ONNX graphs: complete in their file, and made of nothing but operations that compute and end.

The file is a protocol buffer `ModelProto`: 7 the graph, 20 and 25 training and functions. A graph
has 1 nodes, 5 and 15 initial tensors; a node 4 its operation, 5 attributes, 7 its domain; an
attribute may hold a tensor (5, 10), a graph (6, 11), or sparse tensors (22, 23).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import files
from nmt.inspection.files import quote
from nmt.inspection.protobuf import fields
from nmt.runtime.errors import ModelError

GRAPH = 7
FORBIDDEN = {14: "metadata", 20: "training information", 25: "functions"}
"""Fields of a model that the exporter never writes."""

NODE, TENSOR, SPARSE_TENSOR = 1, 5, 15  # of a graph
OPERATION, ATTRIBUTE, DOMAIN = 4, 5, 7  # of a node
TENSORS, GRAPHS, SPARSE_TENSORS = (5, 10), (6, 11), (22, 23)  # of an attribute
EXTERNAL, LOCATION = 13, 14  # of a tensor: data in another file

CONTROL_FLOW = (b"Loop", b"If", b"SequenceMap")
"""Operations that no exported model has, and the first of which need not end."""

MAX_DEPTH = 4
"""Of graphs in graphs; a model has a recurrence (Scan) in its graph."""


def check(path: Path, max_bytes: int) -> bytes:
    """Check a graph, and return its bytes.

    Raises:
        ModelError: if it is missing, too large or damaged, has data in other files, or operations
            that are not ONNX's own or may not end.
    """
    data = files.read(path, max_bytes)
    try:
        graphs = [value for number, value in _allowed(memoryview(data)) if number == GRAPH]
        if len(graphs) != 1:
            _refuse(f"it has {len(graphs)} graphs")
        _check_graph(graphs[0], 1)
    except (ValueError, IndexError, TypeError, struct.error) as error:
        raise ModelError(f"{path} is no graph of an exported model: {error}") from error
    return data


def _allowed(model: memoryview) -> Iterator[tuple[int, Any]]:
    for number, value in fields(model):
        if number in FORBIDDEN:
            _refuse(f"it has {FORBIDDEN[number]}")
        yield number, value


def _check_graph(graph: memoryview, depth: int) -> None:
    if depth > MAX_DEPTH:
        _refuse("its graphs are nested too deeply")
    for number, value in fields(graph):
        if number == NODE:
            _check_node(value, depth)
        elif number == TENSOR:
            _check_tensor(value)
        elif number == SPARSE_TENSOR:
            _refuse("it has sparse tensors")


def _check_node(node: memoryview, depth: int) -> None:
    for number, value in fields(node):
        if number in (OPERATION, ATTRIBUTE, DOMAIN) and not isinstance(value, memoryview):
            _refuse("a field of an operation has another type")
        if number == DOMAIN and len(value):
            _refuse(f"it has an operation of {quote(bytes(value))}, not of ONNX itself")
        if number == OPERATION and bytes(value) in CONTROL_FLOW:
            _refuse(f"it has the operation {quote(bytes(value))}")
        if number == ATTRIBUTE:
            _check_attribute(value, depth)


def _check_attribute(attribute: memoryview, depth: int) -> None:
    for number, value in fields(attribute):
        if number in GRAPHS:
            _check_graph(value, depth + 1)
        elif number in TENSORS:
            _check_tensor(value)
        elif number in SPARSE_TENSORS:
            _refuse("it has sparse tensors")


def _check_tensor(tensor: memoryview) -> None:
    for number, value in fields(tensor):
        if number == EXTERNAL or (number == LOCATION and value):
            _refuse("part of its data is in another file")


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)
