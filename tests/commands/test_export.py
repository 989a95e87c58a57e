"""Exported models: graphs that give what the model gives, and an engine that needs no torch."""

import io
import json
import logging
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
import torch
from helpers.array_hypotheses import same
from helpers.imports import COMMAND, ROOT, imported
from helpers.networks import CELLS, PIECES, network
from helpers.saved_models import LINES, save

from nmt.config.command_line import configuration, run
from nmt.data.lexicon.lexicon import TranslationLexicon
from nmt.data.special_ids import END, PADDING
from nmt.export import export
from nmt.inference.engines.onnx_runtime import ExportedModel
from nmt.inference.translator import Translator
from nmt.inspection import onnx_graphs
from nmt.inspection.exported_folder import inspect
from nmt.inspection.model_folder import inspect_all
from nmt.models.attention.additive import AdditiveAttention
from nmt.models.attention.local import PredictiveLocalAttention
from nmt.models.decoders.conditional import ConditionalDecoder
from nmt.models.decoders.fixed_context import ContextAtEveryStepDecoder
from nmt.models.decoders.input_feeding import InputFeedingDecoder
from nmt.models.decoders.parallel import ParallelDecoder
from nmt.runtime import checksums
from nmt.runtime.errors import ModelError, NmtError
from nmt.runtime.out_of_memory import is_out_of_memory
from nmt.search import beam, greedy
from nmt.search.arrays.beam import Beam
from nmt.search.length_penalties.gnmt import GNMT
from nmt.search.length_penalties.none import NoLengthPenalty
from nmt.search.scorers.shortlisted import Shortlisted
from nmt.search.scorers.single import SingleModel
from nmt.search.shortlists.lexical import LexicalShortlist
from nmt.translate import translate

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

from nmt.inference.export.folder import written  # noqa: E402
from nmt.inference.export.number_formats.float32 import Float32Format  # noqa: E402
from nmt.inference.export.number_formats.int8 import Int8Format, quantize  # noqa: E402

GREEDY = Beam(1, 1, NoLengthPenalty(), 2.0, 3)
SOURCES = [[5, 9, 4, 30, 11, 7, END], [8, 6, END], [21, END], [5, 9, 33, END]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a small model with random weights."""
    return save(tmp_path_factory.mktemp("run"), 46)


@contextmanager
def unchecked():
    """Let shapes be traced, of which some are no numbers: jaxtyping cannot check them."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def exported(saved, folder, *arguments):
    config = configuration("export", [f"run={saved}", f"output={folder}", *arguments], ())
    with unchecked():
        export(config)
    return folder


@pytest.fixture(scope="module")
def float32(saved, tmp_path_factory):
    return exported(saved, tmp_path_factory.mktemp("exported") / "float32")


def command(monkeypatch, capfd, given, *arguments):
    """Run nmt.translate in this process; give status, output and log."""
    monkeypatch.setattr(sys, "argv", ["nmt.translate", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    handlers, level = logging.root.handlers[:], logging.root.level
    status = run("translate", translate)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    found = capfd.readouterr()
    return status, found.out, found.err


def padded():
    width = max(map(len, SOURCES))
    return torch.tensor([ids + [PADDING] * (width - len(ids)) for ids in SOURCES])


WAYS = [
    network(ParallelDecoder, CELLS[1], layers=2),
    network(
        InputFeedingDecoder,
        CELLS[2],
        layers=2,
        attention=partial(PredictiveLocalAttention, reach=2),
    ),
    network(ConditionalDecoder, CELLS[0], layers=1, attention=partial(AdditiveAttention, size=6)),
    network(ContextAtEveryStepDecoder, CELLS[1], layers=2),
]


def traced(model, numbers, choose=None):
    """All graphs of a model, in sessions, as a scorer."""
    with unchecked():
        made = written(model, numbers)
    return ExportedModel.load(made, PIECES, 1, choose)


def opinionated(model):
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.2)
    return model.eval()


@pytest.mark.parametrize("model", WAYS, ids=lambda model: type(model.decoder).__name__)
def test_a_graph_gives_what_the_model_gives(model):
    scorer = traced(opinionated(model), Float32Format())
    source = padded()
    theirs = greedy.Greedy(2.0, 3)(SingleModel(model), source)
    same(GREEDY(scorer, source.numpy()), theirs, 1e-3)
    settings = (3, 2, GNMT(0.6), 2.0, 3)
    theirs = beam.Beam(*settings)(SingleModel(model), source)
    same(Beam(*settings)(scorer, source.numpy()), theirs, 1e-3)


def lists():
    """Of four frequent pieces, and three translations of each source piece."""
    random = np.random.default_rng(3)
    translations = random.integers(END + 1, PIECES, (PIECES, 50))
    translations[PADDING] = END
    frequent = END + 1 + random.permutation(PIECES - END - 1)
    return LexicalShortlist(4, 3)(lambda: TranslationLexicon(translations, frequent))


@pytest.mark.parametrize("model", WAYS, ids=lambda model: type(model.decoder).__name__)
def test_a_graph_with_lists_gives_what_the_model_with_lists_gives(model):
    choose = lists()
    model = opinionated(model)
    scorer = traced(model, Float32Format(), choose)
    source = padded()
    theirs = greedy.Greedy(2.0, 3)(Shortlisted(model, choose), source)
    same(GREEDY(scorer, source.numpy()), theirs, 1e-3)
    settings = (3, 2, GNMT(0.6), 2.0, 3)
    theirs = beam.Beam(*settings)(Shortlisted(model, choose), source)
    same(Beam(*settings)(scorer, source.numpy()), theirs, 1e-3)


@pytest.mark.parametrize("search", [GREEDY, Beam(3, 2, GNMT(0.6), 2.0, 3)])
def test_lists_of_batch_mates_change_no_translation_in_integers(search):
    model = opinionated(network(ParallelDecoder, CELLS[1], layers=2))
    scorer = traced(model, Int8Format(2), lists())
    together = search(scorer, padded().numpy())
    for ids, found in zip(SOURCES, together, strict=True):
        same([found], search(scorer, np.array([ids])), 1e-3)


def test_integers_of_listed_columns_are_those_of_the_whole_table():
    model = opinionated(network(ParallelDecoder, CELLS[1], layers=2))
    whole, some = traced(model, Int8Format(2)), traced(model, Int8Format(2), lists())
    source = padded().numpy()
    best, _ = some.step(source[:, 0], some.start(source), PIECES)
    everything, _ = whole.step(source[:, 0], whole.start(source), PIECES)
    for row, ids in enumerate(best.ids):
        logits = dict(zip(everything.ids[row].tolist(), everything.logits[row], strict=True))
        own = np.isfinite(best.logits[row])
        assert 4 < own.sum() < PIECES - END
        expected = [logits[piece] for piece in ids[own].tolist()]
        assert best.logits[row][own] == pytest.approx(expected)


def test_products_of_integers_are_near_those_of_floats_whatever_the_batch_mates():
    model = opinionated(network(ParallelDecoder, CELLS[1], layers=2))
    floats, integers = traced(model, Float32Format()), traced(model, Int8Format(2))
    source = padded().numpy()
    together = GREEDY(integers, source)
    for ids, found in zip(SOURCES, together, strict=True):
        same([found], GREEDY(integers, np.array([ids])), 1e-3)
    ids = source[:, 0]
    ours, theirs = (one.step(ids, one.start(source), PIECES)[0] for one in (integers, floats))
    order, others = np.argsort(ours.ids, axis=1), np.argsort(theirs.ids, axis=1)
    difference = np.take_along_axis(ours.logits, order, 1) - np.take_along_axis(
        theirs.logits, others, 1
    )
    assert 0 < np.abs(difference).mean() < 0.1 * theirs.logits.std()


def test_a_matrix_of_integers_is_near_its_floats():
    weight = np.array([[1.0, -0.004, 0.0], [-0.5, 0.002, 0.0]], np.float32)
    integers, scales = quantize(weight)
    assert integers.tolist() == [[127, -127, 0], [-64, 64, 0]]
    assert scales[:2] == pytest.approx([1 / 127, 0.004 / 127])


@pytest.mark.parametrize("name", ["greedy", "beam"])
def test_the_engine_without_torch_translates_alike(monkeypatch, capfd, saved, float32, name):
    given = "".join(f"{line}\n" for line in ["", *LINES, "Der Hund " * 200]).encode()
    arguments = [f"search={name}", "output_format=jsonl", "search.length_extra=3"]
    theirs = command(monkeypatch, capfd, given, f"run={saved}", *arguments)
    ours = command(
        monkeypatch, capfd, given, f"run={float32}", "engine=onnxruntime", "threads=1", *arguments
    )
    assert ours[0] == theirs[0] == 0
    for one, other in zip(ours[1].splitlines(), theirs[1].splitlines(), strict=True):
        one, other = json.loads(one), json.loads(other)
        assert one["source"] == other["source"]
        for found, expected in zip(one["hypotheses"], other["hypotheses"], strict=True):
            assert found["text"] == expected["text"]
            assert found["score"] == pytest.approx(expected["score"], rel=1e-5, abs=1e-3)


def test_the_engine_imports_no_torch(float32, tmp_path):
    words = ["engine=onnxruntime", f"run={float32}"]
    modules = imported(COMMAND, "nmt.translate", *words, cwd=tmp_path)
    assert "onnxruntime" in modules
    assert not modules & {"torch", "onnx", "pyarrow", "sacrebleu"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=runs/none"], "holds no exported model (step.onnx is missing); write one with: pyth"),
        (["run={saved}"], "holds a trained model, none that was exported; leave engine= out, or"),
        (["run=[{ours},{ours}]"], "expected one exported model; engine=torch runs several"),
        (["run={ours}", "fusion.run=runs/lm"], "fusion.run=runs/lm: expected none, as only"),
        (["run={ours}", "device=cuda"], "device=cuda: expected cpu, as only engine=torch"),
        (["run={ours}", "threads=0"], "threads=0: expected a whole number, 1 to 1024"),
        (["run={ours}", "search=sample"], "engine=onnxruntime has search=beam and search=greedy"),
        (["run={ours}", "shortlist=lexical"], "lexicon.safetensors is missing: the model was expo"),
        (["run={ours}", "search.size=0"], "search.size=0: expected 1 or more"),
    ],
)
def test_what_the_engine_refuses_is_one_line(
    monkeypatch, capfd, saved, float32, arguments, message
):
    words = [word.format(saved=saved, ours=float32) for word in arguments]
    status, out, err = command(monkeypatch, capfd, b"Hund\n", "engine=onnxruntime", *words)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_an_export_goes_into_no_folder_of_something_else(saved):
    with pytest.raises(NmtError, match="holds other files; expected a folder that is new"):
        exported(saved, saved)


def test_an_export_that_was_cut_off_is_made_again(saved, float32, tmp_path):
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    shutil.copy(float32 / "export.yaml", unfinished)
    (unfinished / ".step.onnx.part").write_bytes(b"half")
    inspect(exported(saved, unfinished))
    (unfinished / "export.yaml").unlink()
    with pytest.raises(NmtError, match="holds other files"):
        exported(saved, unfinished)
    with pytest.raises(NmtError, match="cannot be made: File name too long"):
        exported(saved, tmp_path / ("long" * 100))


def test_an_exported_model_is_none_for_torch(float32):
    with pytest.raises(ModelError, match="holds an exported model"):
        inspect_all([str(float32)], ("model",), [])


def test_an_export_replaces_an_older_one(saved, float32, tmp_path):
    copied = Path(shutil.copytree(float32, tmp_path / "copied"))
    shutil.copy(copied / "sentencepiece.model", copied / "sentencepiece.source.model")
    exported(saved, copied, "number_format=int8", "number_format.smallest=4")
    assert "Int8" in (copied / "export.yaml").read_text()
    assert not (copied / "sentencepiece.source.model").exists()
    assert len(inspect(copied)["step.onnx"]) != len(inspect(float32)["step.onnx"])


def test_a_lexicon_is_exported_and_makes_lists(monkeypatch, capfd, saved, tmp_path):
    run = Path(shutil.copytree(saved, tmp_path / "run"))
    random = np.random.default_rng(1)
    frequent = END + 1 + random.permutation(46 - END - 1)
    learnt = TranslationLexicon(random.integers(END + 1, 46, (46, 50)), frequent)
    (run / "lexicon.safetensors").write_bytes(learnt.to_bytes())
    summed(run)
    folder = exported(run, tmp_path / "exported")
    given = "".join(f"{line}\n" for line in LINES).encode()
    words = ["shortlist=lexical", "shortlist.frequent=5", "shortlist.translations=2"]
    theirs = command(monkeypatch, capfd, given, f"run={run}", *words)
    ours = command(monkeypatch, capfd, given, f"run={folder}", "engine=onnxruntime", *words)
    everything = command(monkeypatch, capfd, given, f"run={folder}", "engine=onnxruntime")
    assert ours[:2] == theirs[:2]
    assert ours[0] == 0 and ours[1] != everything[1]
    for spoilt in (run, folder):
        (spoilt / "lexicon.safetensors").write_bytes(
            TranslationLexicon(learnt.translations, frequent[1:]).to_bytes()
        )
        summed(spoilt)
        engine = "torch" if spoilt == run else "onnxruntime"
        status, _, err = command(
            monkeypatch, capfd, given, f"run={spoilt}", f"engine={engine}", *words
        )
        assert status == 2
        assert "expected frequent of 42 target pieces" in err and err.count("\n") == 1
    (folder / "lexicon.safetensors").write_bytes(learnt.to_bytes())
    summed(folder)
    (folder / "lexicon.safetensors").write_bytes(learnt.to_bytes()[:-1])
    with pytest.raises(ModelError, match=r"lexicon\.safetensors is not what it was"):
        inspect(folder)
    exported(saved, folder)
    assert not (folder / "lexicon.safetensors").exists()


def summed(folder):
    """Make the sums those of the files, as somebody who means harm would."""
    names = [path.name for path in sorted(folder.iterdir()) if path.name != checksums.NAME]
    checksums.write(folder, {name: [checksums.sha256_of(folder / name)] for name in names})


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


@pytest.mark.parametrize(
    ("harm", "message"),
    [
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
def test_a_graph_that_does_more_than_compute_is_refused(float32, tmp_path, harm, message, name):
    copied = Path(shutil.copytree(float32, tmp_path / "copied"))
    graph = onnx.load(copied / name)
    harm(graph)
    (copied / name).write_bytes(graph.SerializeToString())
    summed(copied)
    with pytest.raises(ModelError, match=re.escape(message)):
        inspect(copied)


def test_a_field_of_another_type_is_refused(tmp_path):
    # A graph (7) with a node (1) whose operation (4) is a number.
    (tmp_path / "graph.onnx").write_bytes(bytes([7 << 3 | 2, 4, 1 << 3 | 2, 2, 4 << 3, 9]))
    with pytest.raises(ModelError, match="a field of an operation has another type"):
        onnx_graphs.check(tmp_path / "graph.onnx", 100)


def test_another_format_of_onnxruntime_is_never_run(float32, tmp_path):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "other")
    options.add_session_config_entry("session.save_model_format", "ORT")
    given = inspect(float32)
    onnxruntime.InferenceSession(given["encoder.onnx"], options)
    other = (tmp_path / "other").read_bytes()
    assert other[4:8] == b"ORTM"
    with pytest.raises(ModelError, match="onnxruntime refuses a graph"):
        ExportedModel.load({**given, "encoder.onnx": other}, 46, 1, None)


def test_a_graph_in_the_place_of_another_is_one_error(float32):
    given = inspect(float32)
    scorer = ExportedModel.load({**given, "step.onnx": given["encoder.onnx"]}, 46, 1, None)
    with pytest.raises(ModelError, match="onnxruntime refuses a graph"):
        GREEDY(scorer, np.array([[5, 6, END]]))


def test_memory_that_onnxruntime_does_not_find_is_known(tmp_path):
    make = onnx.helper
    shape = make.make_tensor_value_info("shape", onnx.TensorProto.INT64, [1])
    zeros = make.make_tensor_value_info("zeros", onnx.TensorProto.FLOAT, ["many"])
    node = make.make_node("ConstantOfShape", ["shape"], ["zeros"])
    graph = make.make_graph([node], "large", [shape], [zeros])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    with pytest.raises(Exception, match="allocate") as found:
        session.run(None, {"shape": np.array([1 << 50])})
    assert is_out_of_memory(found.value)


def test_a_folder_that_was_altered_is_refused(float32, tmp_path):
    copied = Path(shutil.copytree(float32, tmp_path / "copied"))
    data = (copied / "step.onnx").read_bytes()
    (copied / "step.onnx").write_bytes(data[:-1] + b"\0")
    with pytest.raises(ModelError, match=r"step\.onnx is not what it was when it was written"):
        inspect(copied)
    (copied / "step.onnx").write_bytes(data[: len(data) // 2])
    summed(copied)
    with pytest.raises(ModelError, match=r"step\.onnx is no graph of an exported model"):
        inspect(copied)
    (copied / "step.onnx").unlink()
    (copied / "step.onnx").symlink_to(float32 / "step.onnx")
    with pytest.raises(ModelError, match="is a symbolic link"):
        inspect(copied)
    shutil.copy(float32 / "export.yaml", copied)
    (copied / checksums.NAME).unlink()
    (copied / "step.onnx").unlink()
    (copied / "step.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="SHA256SUMS is missing"):
        inspect(copied)
    (copied / "export.yaml").write_text("format: 9\n")
    summed(copied)
    with pytest.raises(
        ModelError,
        match="has format 9, this program reads format 1; export the",
    ):
        inspect(copied)


def test_the_example_of_the_documentation_translates_as_greedy_search_does(saved, float32):
    example = [str(ROOT / "docs" / "translate_onnx.py"), str(float32)]
    given = "".join(f"{line}\n" for line in ["", *LINES])
    code = "import runpy, sys; sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    code += "; assert not {'torch', 'nmt'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *example], input=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    translator = Translator.load(saved, greedy.Greedy(2.0, 10), device="cpu")
    assert done.stdout.splitlines() == ["", *translator.translate(LINES)]
