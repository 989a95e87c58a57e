"""From a model to its two graphs, encoder and step, of which all axes that may differ are free."""

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
from nmt.inference.export.networks import EncoderGraph, StepGraph, examples
from nmt.inference.export.scan import scanned
from nmt.models import tree
from nmt.models.translation_model import TranslationModel
from nmt.runtime.errors import ModelError

OPSET = 20
"""Of ONNX: that of onnx 1.15, and all that a graph here needs."""

EXAMPLE = ((UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, END), (UNKNOWN, UNKNOWN, END, PADDING, PADDING))
"""Of sentences; sizes that are all different, so that no axis is taken for another."""


@dataclass(frozen=True)
class Graphs:
    """A translation model in ONNX.

    Attributes:
        encoder: `source` to a memory's tensors and the state before the first piece.
        step: `ids`, memory and state to `logits` and the state after them.
    """

    encoder: onnx.ModelProto
    step: onnx.ModelProto


def trace(model: TranslationModel) -> Graphs:
    """Give the graphs of a model at rest.

    Raises:
        ModelError: if a part of it has no counterpart in ONNX; names the reason.
    """
    source = torch.tensor([*EXAMPLE, EXAMPLE[1]])
    forms, given = examples(model, source)
    batch, places, width = Dim("batch"), Dim("places"), Dim("hypotheses")
    memory = [{0: batch, 1: places}] * (3 if forms.keys else 2)
    memory += [{0: batch}] * len(tree.leaves(forms.final))
    rows = {0: batch, 1: width}
    encoder = _export(
        EncoderGraph(model),
        (source,),
        {"source": {0: batch, 1: places}},
        ["source"],
        forms.memory_names + forms.state_names,
    )
    step = _export(
        StepGraph(model, forms),
        given,
        {"ids": rows, "tensors": (*memory, *[rows] * len(forms.state_names))},
        ["ids", *forms.memory_names, *forms.state_names],
        ["logits", *[f"next_{name}" for name in forms.state_names]],
    )
    return _pruned(Graphs(encoder, step))


def _export(
    network: nn.Module,
    given: tuple[Tensor, ...],
    axes: dict[str, object],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    try:
        with scanned(network), torch.no_grad(), _quiet():
            program = torch.onnx.export(
                network.eval(),
                given,
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes=axes,
                input_names=inputs,
                output_names=outputs,
                verbose=False,
            )
        assert program is not None, "the exporter of dynamo gives a program"
        return program.model_proto
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        why = " ".join(str(cause).split())[:300]
        raise ModelError(f"the model cannot be written as an ONNX graph: {why}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep away what the exporter says of its own progress, and of packages it would know."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _pruned(graphs: Graphs) -> Graphs:
    """Leave out the parts of a memory that no step reads, such as final states."""
    heard = {name for node in graphs.step.graph.node for name in _heard(node)}
    unheard = [one for one in graphs.step.graph.input if one.name not in heard]
    for one in unheard:
        graphs.step.graph.input.remove(one)
    names = {one.name for one in unheard}
    for one in [one for one in graphs.encoder.graph.output if one.name in names]:
        graphs.encoder.graph.output.remove(one)
    return graphs


def _heard(node: onnx.NodeProto) -> Iterator[str]:
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _heard(inner)
