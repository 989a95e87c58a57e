"""The names that the nodes of a graph read."""

from collections.abc import Iterator

import onnx


def names_read(graph: onnx.GraphProto) -> Iterator[str]:
    """Yield the inputs of all nodes and the outputs of a graph, and of the graphs within it."""
    yield from (value.name for value in graph.output)
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from names_read(attribute.g)


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove the initializers that no node reads."""
    used = set(names_read(graph))
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
