"""Tracing of a model as two graphs, encoder and step, with dynamic axes."""

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass

import onnx
import torch
from torch import Tensor, nn
from torch.export import Dim

from nmt.data.special_ids import END, PADDING, UNKNOWN
from nmt.inference.export.names import names_read
from nmt.inference.export.networks import EncoderGraph, StepGraph, examples
from nmt.inference.export.scan import scanned
from nmt.models import tree
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ModelError

OPSET = 20
"""Version of ONNX's operators: that of onnx 1.15, which has all that a graph needs."""

EXAMPLE = ((UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, END), (UNKNOWN, UNKNOWN, END, PADDING, PADDING))
"""Sentences of sizes that are all different, so that no axis is mistaken for another."""


@dataclass(frozen=True)
class Graphs:
    """A translation model in ONNX.

    Attributes:
        encoder: from `source` to a memory's tensors and the state before the first piece.
        step: from `ids`, memory and state to `logits` and the state after them.
    """

    encoder: onnx.ModelProto
    step: onnx.ModelProto


def trace(model: TranslationModel) -> Graphs:
    """Trace a model in evaluation mode.

    Raises:
        ModelError: if a part of it has no counterpart in ONNX.
    """
    source = torch.tensor([*EXAMPLE, EXAMPLE[1]])
    structures, inputs = examples(model, source)
    batch, positions, width = Dim("batch"), Dim("positions"), Dim("hypotheses")
    memory = [{0: batch, 1: positions}] * (3 if structures.keys else 2)
    memory += [{0: batch}] * len(tree.leaves(structures.final))
    rows = {0: batch, 1: width}
    encoder = _export(
        EncoderGraph(model),
        (source,),
        {"source": {0: batch, 1: positions}},
        ["source"],
        structures.memory_names + structures.state_names,
    )
    step = _export(
        StepGraph(model, structures),
        inputs,
        {"ids": rows, "tensors": (*memory, *[rows] * len(structures.state_names))},
        ["ids", *structures.memory_names, *structures.state_names],
        ["logits", *[f"next_{name}" for name in structures.state_names]],
    )
    return _pruned(Graphs(encoder, step))


def _export(
    network: nn.Module,
    example: tuple[Tensor, ...],
    dynamic_axes: dict[str, object],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    try:
        with scanned(network), torch.no_grad(), _quiet():
            program = torch.onnx.export(
                network.eval(),
                example,
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes=dynamic_axes,
                input_names=inputs,
                output_names=outputs,
                verbose=False,
            )
        assert program is not None, "the exporter of dynamo returns a program"
        return program.model_proto
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = " ".join(str(cause).split())[:300]
        raise ModelError(f"the model cannot be written as an ONNX graph: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's messages about its progress and about optional packages."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _pruned(graphs: Graphs) -> Graphs:
    """Drop the parts of a memory that the step does not read, such as final states."""
    step, encoder = graphs.step.graph, graphs.encoder.graph
    unused = {value.name for value in step.input} - set(names_read(step))
    for values in (step.input, encoder.output):
        kept = [value for value in values if value.name not in unused]
        del values[:]
        values.extend(kept)
    return graphs
