"""Graphs in ONNX: all of one is there, and it does nothing but compute.

The file is a protocol buffer `ModelProto`: 7 the graph, 20 and 25 training and functions. A graph
has 1 nodes, 5 and 15 initial tensors; a node 4 its operation, 5 attributes, 7 its domain; an
attribute may hold a tensor (5, 10), a graph (6, 11), or sparse tensors (22, 23).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from nmt.inspection import files
from nmt.inspection.files import shown
from nmt.inspection.protobuf import fields
from nmt.runtime.errors import ModelError

GRAPH = 7
REFUSED = {
    14: "notes of somebody's own",
    20: "a training",
    25: "functions",
}
"""Fields of a model that ours have not, and the exporter never writes."""

NODE, TENSOR, SPARSE = 1, 5, 15  # of a graph
OPERATION, ATTRIBUTE, DOMAIN = 4, 5, 7  # of a node
ONE_TENSOR, ONE_GRAPH, TENSORS, GRAPHS, ONE_SPARSE, SPARSES = (
    5,
    6,
    10,
    11,
    22,
    23,
)  # of an attribute
EXTERNAL, LOCATION = 13, 14  # of a tensor: data in another file

ENDLESS = (b"Loop", b"If", b"SequenceMap")
"""Operations that no exported model has, and the first of which need not end."""

DEPTH = 4
"""Of graphs in graphs; a model's recurrence over places is one in another."""


def check(path: Path, most: int) -> bytes:
    """Look at a graph, and give its bytes.

    Raises:
        ModelError: if it is missing, too large or damaged, if data of it lie in other files, or if
            it has operations that are not of ONNX or may go on for ever; names what.
    """
    data = files.read(path, most)
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
        if number in REFUSED:
            _refuse(f"it has {REFUSED[number]}")
        yield number, value


def _check_graph(graph: memoryview, depth: int) -> None:
    if depth > DEPTH:
        _refuse("its graphs are nested too deep")
    for number, value in fields(graph):
        if number == NODE:
            _check_node(value, depth)
        elif number == TENSOR:
            _check_tensor(value)
        elif number == SPARSE:
            _refuse("it has sparse tensors")


def _check_node(node: memoryview, depth: int) -> None:
    for number, value in fields(node):
        if number in (OPERATION, ATTRIBUTE, DOMAIN) and not isinstance(value, memoryview):
            _refuse("an operation's field has another type")
        if number == DOMAIN and len(value):
            _refuse(f"it has an operation of {shown(bytes(value))}, not of ONNX itself")
        if number == OPERATION and bytes(value) in ENDLESS:
            _refuse(f"it has the operation {shown(bytes(value))}")
        if number == ATTRIBUTE:
            _check_attribute(value, depth)


def _check_attribute(attribute: memoryview, depth: int) -> None:
    for number, value in fields(attribute):
        if number in (ONE_GRAPH, GRAPHS):
            _check_graph(value, depth + 1)
        elif number in (ONE_TENSOR, TENSORS):
            _check_tensor(value)
        elif number in (ONE_SPARSE, SPARSES):
            _refuse("it has sparse tensors")


def _check_tensor(tensor: memoryview) -> None:
    for number, value in fields(tensor):
        if number == EXTERNAL or (number == LOCATION and value):
            _refuse("numbers of it lie in another file")


def _refuse(why: str) -> NoReturn:
    raise ValueError(why)
