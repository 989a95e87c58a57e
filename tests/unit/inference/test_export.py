"""Graphs of ONNX compute what the model computes, with and without shortlists, and in integers."""

import copy
from functools import cache, partial

import numpy as np
import pytest
import torch
from helpers.array_hypotheses import same
from helpers.exported_models import unchecked
from helpers.networks import CELLS, PIECES, network

from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.special_ids import END, PADDING
from nmt.data.tokenization.tokenizer import Tokenizers
from nmt.inference.engines.onnx_runtime import ExportedModel
from nmt.inspection.exported_folder import inspect
from nmt.models.attention.additive import AdditiveAttention
from nmt.models.attention.local import PredictiveLocalAttention
from nmt.models.decoders.conditional import ConditionalDecoder
from nmt.models.decoders.fixed_context import ContextAtEveryStepDecoder
from nmt.models.decoders.input_feeding import InputFeedingDecoder
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.runtime.errors import ModelError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory
from nmt.search import beam, greedy
from nmt.search.arrays.beam import Beam
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.length_penalties.none import NoLengthPenalty
from nmt.search.scorers.shortlisted import Shortlisted
from nmt.search.scorers.single import SingleModel
from nmt.search.shortlists.lexical import LexicalShortlist

pytestmark = pytest.mark.slow  # each graph takes seconds to trace
onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

from nmt.inference.export import folder  # noqa: E402
from nmt.inference.export.number_formats.float32 import Float32Format  # noqa: E402
from nmt.inference.export.number_formats.int8 import Int8Format, quantize  # noqa: E402
from nmt.inference.export.trace import trace  # noqa: E402

SOURCES = [[5, 9, 4, 30, 11, 7, END], [8, 6, END], [21, END], [5, 9, 33, END]]
PADDED = torch.tensor([ids + [PADDING] * (len(SOURCES[0]) - len(ids)) for ids in SOURCES])
GREEDY = Beam(1, 1, NoLengthPenalty(), 2.0, 3)
BEAM = (3, 2, GNMT(0.6), 2.0, 3)
DECODERS = {
    "parallel": partial(network, ParallelDecoder, CELLS[1], layers=2),
    "input_feeding": partial(
        network,
        InputFeedingDecoder,
        CELLS[2],
        layers=1,
        attention=partial(PredictiveLocalAttention, reach=2),
    ),
    "conditional": partial(
        network,
        ConditionalDecoder,
        CELLS[0],
        layers=1,
        attention=partial(AdditiveAttention, size=6),
    ),
    "fixed_context": partial(network, ContextAtEveryStepDecoder, CELLS[1], layers=1),
}


@cache
def traced(name):
    """Return a model whose translations differ, and its graphs, which take seconds to trace."""
    torch.manual_seed(1)
    model = DECODERS[name]().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.4)
    with unchecked():
        return model, trace(model)


def scorer(name, numbers, choose=None):
    """Return the sessions of a model's graphs."""
    graphs = folder.graph_files(copy.deepcopy(traced(name)[1]), PIECES, numbers)
    return ExportedModel.load(graphs, PIECES, 1, choose)


def lists():
    """A shortlist of four frequent pieces, and three translations of each source piece."""
    random = np.random.default_rng(3)
    translations = random.integers(END + 1, PIECES, (PIECES, 50))
    translations[PADDING] = END
    frequent = END + 1 + random.permutation(PIECES - END - 1)
    return LexicalShortlist(4, 3)(lambda: TranslationLexicon(translations, frequent))


@pytest.mark.parametrize("name", DECODERS)
def test_graphs_compute_what_the_model_computes_with_and_without_shortlists(name):
    model, _ = traced(name)
    choose = lists()
    for graphs, network_scorer in (
        (scorer(name, Float32Format()), SingleModel(model)),
        (scorer(name, Float32Format(), choose), Shortlisted(model, choose)),
    ):
        theirs = greedy.Greedy(2.0, 3)(network_scorer, PADDED)
        same(GREEDY(graphs, PADDED.numpy()), theirs, 1e-3)
        theirs = beam.Beam(*BEAM)(network_scorer, PADDED)
        same(Beam(*BEAM)(graphs, PADDED.numpy()), theirs, 1e-3)


@pytest.mark.parametrize("search", [GREEDY, Beam(*BEAM)])
def test_shortlists_of_other_sentences_change_no_translation_in_int8(search):
    integers = scorer("parallel", Int8Format(2), lists())
    together = search(integers, PADDED.numpy())
    for ids, hypotheses in zip(SOURCES, together, strict=True):
        same([hypotheses], search(integers, np.array([ids])), 1e-3)


def test_int8_weights_of_listed_columns_are_those_of_the_whole_table():
    whole, some = (scorer("parallel", Int8Format(2), choose) for choose in (None, lists()))
    source = PADDED.numpy()
    best, _ = some.step(source[:, 0], some.start(source), PIECES)
    everything, _ = whole.step(source[:, 0], whole.start(source), PIECES)
    for row, ids in enumerate(best.ids):
        logits = dict(zip(everything.ids[row].tolist(), everything.logits[row], strict=True))
        own = np.isfinite(best.logits[row])
        assert 4 < own.sum() < PIECES - END
        expected = [logits[piece] for piece in ids[own].tolist()]
        assert best.logits[row][own] == pytest.approx(expected)


def test_int8_products_are_close_to_float32_whatever_the_other_rows():
    floats, integers = scorer("parallel", Float32Format()), scorer("parallel", Int8Format(2))
    source = PADDED.numpy()
    together = GREEDY(integers, source)
    for ids, hypotheses in zip(SOURCES, together, strict=True):
        same([hypotheses], GREEDY(integers, np.array([ids])), 1e-3)
    ids = source[:, 0]
    ours, theirs = (one.step(ids, one.start(source), PIECES)[0] for one in (integers, floats))
    order, others = np.argsort(ours.ids, axis=1), np.argsort(theirs.ids, axis=1)
    difference = np.take_along_axis(ours.logits, order, 1) - np.take_along_axis(
        theirs.logits, others, 1
    )
    assert 0 < np.abs(difference).mean() < 0.1 * theirs.logits.std()


def test_an_int8_matrix_is_close_to_its_float32_matrix():
    weight = np.array([[1.0, -0.004, 0.0], [-0.5, 0.002, 0.0]], np.float32)
    integers, scales = quantize(weight)
    assert integers.tolist() == [[127, -127, 0], [-64, 64, 0]]
    assert scales[:2] == pytest.approx([1 / 127, 0.004 / 127])


def test_an_export_that_was_cut_off_is_made_again(exported_model, tmp_path):
    graphs, pieces = inspect(exported_model), Tokenizers.load(exported_model)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "export.yaml").write_bytes((exported_model / "export.yaml").read_bytes())
    (unfinished / ".step.onnx.part").write_bytes(b"half")
    (unfinished / "lexicon.safetensors").write_bytes(b"of another model")
    folder.check_free(unfinished)
    folder.write(unfinished, graphs, pieces, {}, None)
    assert inspect(unfinished) == graphs
    assert not (unfinished / "lexicon.safetensors").exists()
    (unfinished / "export.yaml").unlink()
    with pytest.raises(NmtError, match=r"holds other files, as SHA256SUMS; expected"):
        folder.check_free(unfinished)
    (unfinished / "export.yaml").touch()
    (unfinished / "notes.txt").write_text("of the user")
    with pytest.raises(NmtError, match=r"holds other files, as notes\.txt; expected"):
        folder.check_free(unfinished)
    with pytest.raises(NmtError, match="cannot be made: File name too long"):
        folder.check_free(tmp_path / ("long" * 100))


def test_an_export_through_a_link_leaves_the_link(exported_model, tmp_path):
    graphs, pieces = inspect(exported_model), Tokenizers.load(exported_model)
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    for _ in range(2):
        folder.check_free(tmp_path / "link")
        folder.write(tmp_path / "link", graphs, pieces, {}, None)
    assert (tmp_path / "link").is_symlink()
    assert inspect(tmp_path / "disk") == graphs
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "link"]


def test_a_graph_in_the_format_of_onnxruntime_is_refused(exported_model, tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "other")
    options.add_session_config_entry("session.save_model_format", "ORT")
    given = inspect(exported_model)
    onnxruntime.InferenceSession(given["encoder.onnx"], options)
    other = (tmp_path / "other").read_bytes()
    assert other[4:8] == b"ORTM"
    with pytest.raises(ModelError, match="onnxruntime cannot run a graph"):
        ExportedModel.load({**given, "encoder.onnx": other}, 46, 1, None)


def test_exchanged_graphs_are_a_one_line_error(exported_model):
    given = inspect(exported_model)
    mixed = ExportedModel.load({**given, "step.onnx": given["encoder.onnx"]}, 46, 1, None)
    with pytest.raises(ModelError, match="onnxruntime cannot run a graph"):
        GREEDY(mixed, np.array([[5, 6, END]]))


def test_an_allocation_error_of_onnxruntime_is_recognized():
    make = onnx.helper
    shape = make.make_tensor_value_info("shape", onnx.TensorProto.INT64, [1])
    zeros = make.make_tensor_value_info("zeros", onnx.TensorProto.FLOAT, ["many"])
    node = make.make_node("ConstantOfShape", ["shape"], ["zeros"])
    graph = make.make_graph([node], "large", [shape], [zeros])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    with pytest.raises(Exception, match="allocate") as raised:
        session.run(None, {"shape": np.array([1 << 50])})
    assert is_out_of_memory(raised.value)
