"""ONNX graphs: complete in their file, and made of nothing but operations that compute and end.

The file is a protocol buffer `ModelProto`, of which only fields that the exporter writes are
allowed, each in canonical encoding: what another reader could read differently is refused.
"""

import math
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from nmt.inspection.files import quote
from nmt.inspection.protobuf import BYTES, ENUM, FLOAT, INT, MANY, fields
from nmt.runtime.errors import ModelError

FORBIDDEN = {14: "metadata", 20: "training information", 25: "functions"}
"""Fields of a model that the exporter never writes."""

MODEL = {
    1: INT,
    2: BYTES,
    3: BYTES,
    4: BYTES,
    5: INT,
    6: BYTES,
    7: BYTES,
    8: BYTES + MANY,
    **dict.fromkeys(FORBIDDEN, BYTES + MANY),
}
OPERATORS = {1: BYTES, 2: INT}  # domain and version
GRAPH = {
    1: BYTES + MANY,
    2: BYTES,
    5: BYTES + MANY,
    10: BYTES,
    11: BYTES + MANY,
    12: BYTES + MANY,
    13: BYTES + MANY,
    15: BYTES + MANY,
    16: BYTES + MANY,
}
NODE = {
    1: BYTES + MANY,
    2: BYTES + MANY,
    3: BYTES,
    4: BYTES,
    5: BYTES + MANY,
    6: BYTES,
    7: BYTES,
    9: BYTES + MANY,
}
ATTRIBUTE = {
    1: BYTES,
    2: FLOAT,
    3: INT,
    4: BYTES,
    5: BYTES,
    6: BYTES,
    7: FLOAT + MANY,
    8: INT + MANY,
    9: BYTES + MANY,
    13: BYTES,
    20: ENUM,
    22: BYTES,
}
TENSOR = {1: INT + MANY, 2: ENUM, 8: BYTES, 9: BYTES, 12: BYTES, 13: BYTES + MANY, 14: ENUM}
VALUE = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES + MANY}
TYPE = {1: BYTES, 6: BYTES}
TENSOR_TYPE = {1: ENUM, 2: BYTES}
SHAPE = {1: BYTES + MANY}
AXIS = {1: INT, 2: BYTES, 3: BYTES}
TEXTS = {1: BYTES, 2: BYTES}
"""The fields of the file's messages, by number; see `onnx.proto`."""

WIDTHS = {1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 11: 8}
"""Bytes of a number of each data type: float, uint8, int8, int32, int64, bool and double."""

OPERATIONS = frozenset(
    b"""Abs Add And Cast Clip Concat Constant ConstantOfShape Cos Div Elu Equal Erf Exp Expand
    Flatten Gather GatherElements Gelu Gemm Greater GreaterOrEqual HardSigmoid Identity IsNaN
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul MatMulInteger Max Mean Min
    Mish Mul Neg Not Or Pow QuantizeLinear Range Reciprocal ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape RMSNormalization Shape Sigmoid Sign Sin
    Size Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh TopK Transpose Unsqueeze
    Where Xor""".split()
)
"""Operations that compute from their inputs alone, and end."""

ENCODER_OPERATIONS = OPERATIONS | {b"Scan"}
"""The same with that of a recurrence, which nothing but an encoder has."""

MAX_DEPTH = 4
"""Of graphs in graphs; a model has a recurrence (Scan) in its graph."""

MAX_CONSTANT = 1 << 20
"""Of integers in a graph: sizes and positions; the largest 64-bit one means `to the end`."""

MAX_ELEMENTS = 1 << 28
"""Of a tensor whose sizes are constants of the graph."""

END = (1 << 63) - 1

MAX_RANK = 8  # axes of a tensor in ONNX Runtime
SMALL = 1 << 10  # numbers of an integer tensor that may be sizes; others are tables


def check(data: bytes, where: str, operations: Collection[bytes]) -> None:
    """Check the bytes of a graph.

    Args:
        data: of the graph's file.
        where: its name, for messages.
        operations: that it may have.

    Raises:
        ModelError: if it is damaged, has data in other files, or other operations.
    """
    try:
        _check_model(memoryview(data), operations)
    except (ValueError, IndexError, TypeError, struct.error) as error:
        raise ModelError(f"{where} is no graph of an exported model: {error}") from error


def _check_model(model: memoryview, operations: Collection[bytes]) -> None:
    graphs = []
    for number, value in fields(model, MODEL):
        if number in FORBIDDEN:
            _refuse(f"it has {FORBIDDEN[number]}")
        if number == 7:
            graphs.append(value)
        if number == 8 and (domain := dict(fields(value, OPERATORS)).get(1)):
            _refuse(f"it has operations of {quote(bytes(domain))}, not of ONNX itself")
    if len(graphs) != 1:
        _refuse(f"it has {len(graphs)} graphs")
    _GraphCheck(operations)(graphs[0], 1)


@dataclass(frozen=True)
class _GraphCheck:
    """A check of a graph and of the graphs within it.

    Attributes:
        operations: that it may have.
    """

    operations: Collection[bytes]

    def __call__(self, graph: memoryview, depth: int) -> None:
        if depth > MAX_DEPTH:
            _refuse("its graphs are nested too deeply")
        for number, value in fields(graph, GRAPH):
            if number == 15:
                _refuse("it has sparse tensors")
            if number == 1:
                self._node(value, depth)
            elif number in PARTS:
                PARTS[number](value)

    def _node(self, node: memoryview, depth: int) -> None:
        operation, domain = b"", b""
        for number, value in fields(node, NODE):
            if number == 4:
                operation = bytes(value)
            elif number == 7:
                domain = bytes(value)
            elif number == 5:
                self._attribute(value, depth)
            elif number == 9:
                _check_texts(value)
        if domain:
            _refuse(f"it has an operation of {quote(domain)}, not of ONNX itself")
        if operation not in self.operations:
            _refuse(f"it has the operation {quote(operation)}")

    def _attribute(self, attribute: memoryview, depth: int) -> None:
        integers = []
        for number, value in fields(attribute, ATTRIBUTE):
            if number == 22:
                _refuse("it has sparse tensors")
            if number == 5:
                _check_tensor(value)
            if number == 6:
                self(value, depth + 1)
            if number in (3, 8):
                integers.append(value if value <= END else value - (1 << 64))
        _check_integers(integers)


def _check_tensor(tensor: memoryview) -> None:
    shape, type_, data = [], 0, memoryview(b"")
    for number, value in fields(tensor, TENSOR):
        if number in (13, 14):
            _refuse("part of its data is in another file")
        if number == 1:
            shape.append(value)
        elif number == 2:
            type_ = value
        elif number == 9:
            data = value
    if type_ not in WIDTHS or math.prod(shape) * WIDTHS[type_] != len(data):
        _refuse(f"a tensor of type {type_} and shape {quote(shape)} has {len(data)} bytes")
    if type_ == 7 and len(data) <= 8 * SMALL:
        _check_integers(list(struct.unpack(f"<{len(data) // 8}q", data)))


def _check_integers(values: list[int]) -> None:
    """Check constants that may be the sizes of a tensor."""
    for value in values:
        if not -MAX_CONSTANT <= value <= MAX_CONSTANT and abs(value) not in (END, END + 1):
            _refuse(f"it has the constant {value}; expected at most {MAX_CONSTANT}")
    sizes = [value for value in values if 0 < value <= MAX_CONSTANT]
    if len(values) <= MAX_RANK and math.prod(sizes) > MAX_ELEMENTS:
        _refuse(f"it has a tensor of the sizes {values}; expected {MAX_ELEMENTS} numbers at most")


def _check_value(value: memoryview) -> None:
    for number, part in fields(value, VALUE):
        if number == 2:
            for kind, tensor in fields(part, TYPE):
                if kind == 1:
                    _check_tensor_type(tensor)
        if number == 4:
            _check_texts(part)


def _check_tensor_type(tensor: memoryview) -> None:
    for number, shape in fields(tensor, TENSOR_TYPE):
        if number == 2:
            for _, axis in fields(shape, SHAPE):
                if {1, 2} <= {key for key, _ in fields(axis, AXIS)}:
                    _refuse("an axis has a size and a name")


def _check_texts(texts: memoryview) -> None:
    for _ in fields(texts, TEXTS):
        pass


PARTS: dict[int, Callable[[Any], None]] = {
    5: _check_tensor,
    11: _check_value,
    12: _check_value,
    13: _check_value,
    16: _check_texts,
}
"""The checks of a graph's parts, by their fields."""


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)
