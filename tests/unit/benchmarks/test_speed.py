"""benchmarks.speed: what its numbers are made of, and the measurements that start no commands."""

import importlib.metadata
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from helpers.networks import PIECES, batch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed import growth, quality, turns
from benchmarks.speed.__main__ import main
from benchmarks.speed.keys import parse
from benchmarks.speed.products import LIBRARIES, Products, rate
from benchmarks.speed.sizes import with_reference_sizes
from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.models.factory import translation_model

TOOK = {"validation_seconds": 30.0}


@pytest.fixture
def measured(tmp_path, capsys):
    """Run a measurement in this process; return its report and what it printed."""

    def call(*words):
        main([*words, f"report={tmp_path / 'report.json'}"])
        found = json.loads((tmp_path / "report.json").read_text())
        assert found["machine"]["processor"] and found["machine"]["cores"] >= 1
        assert found["versions"]["torch"] == importlib.metadata.version("torch")
        assert {"commit", "began", "threads"} <= found.keys()
        assert found["command"].startswith("python -m benchmarks.speed")
        return found, capsys.readouterr().out

    return call


@pytest.mark.slow
def test_growth_is_measured_and_drawn(measured, tmp_path, monkeypatch):
    small = partial(growth.Point, length=4, batch=2, beam=2, vocabulary=50)
    monkeypatch.setattr(growth, "Point", small)
    values = ["length=4,8", "batch=1,3", "beam=1,2", "vocabulary=50,60", "corpus=0", "rounds=1"]
    picture = tmp_path / "growth.svg"
    sizes = ["model.hidden_size=8", "model.embedding_size=8"]
    found, said = measured("growth", *values, *sizes, f"plot={picture}")
    assert len(found["medians"]) == 8
    assert found["medians"]["length 8"]["update_seconds"] > 0
    assert "update_seconds" not in found["medians"]["beam 2"]
    assert "search seconds grow as length to the power" in said
    assert picture.read_text().count("beam") >= 1


def test_quality_is_read_from_runs_and_from_tables(measured, tmp_path):
    (tmp_path / "metrics.jsonl").write_text(
        "".join(
            json.dumps(record) + "\n"
            for record in (
                {"kind": "update", "seconds": 30.0},
                {"kind": "validation", "seconds": 150.0, "bleu": 12.0, **TOOK},
                {"kind": "validation", "seconds": 660.0, "bleu": 31.0, **TOOK},
                {"kind": "average", "seconds": 600.0, "bleu": 33.0},
            )
        )
    )
    (tmp_path / "peer.csv").write_text("minutes,bleu\n5,3.5\n20,2\n40,11\n")
    curves = f"curves=ours:{tmp_path / 'metrics.jsonl'},peer:{tmp_path / 'peer.csv'}"
    found, said = measured("quality", curves, f"plot={tmp_path / 'quality.svg'}")
    assert found["rows"]["ours"]["minutes_to"] == {"10": 2.0, "20": 10.0, "30": 10.0}
    assert found["rows"]["ours"]["bleu_after"] == {"10": 31.0, "30": 31.0, "60": 31.0}
    assert found["rows"]["peer"]["minutes_to"] == {"10": 40.0, "20": None, "30": None}
    assert found["rows"]["peer"]["bleu_after"] == {"10": 3.5, "30": 3.5, "60": 11.0}
    assert "| peer | 40.0 |  |  | 3.5 | 3.5 | 11.0 |" in said
    assert (tmp_path / "quality.svg").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("time,bleu\n1,2\n", "expected minutes and bleu"), ("minutes,bleu\n", "has no validation")],
)
def test_a_file_that_is_not_a_curve_is_refused(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SystemExit, match=message):
        quality.read(tmp_path / "a.csv")


def test_measurements_alternate():
    order = []
    found = turns.take(
        2, {name: lambda name=name: order.append(name) or {"rate": len(order)} for name in "ab"}
    )
    assert order == ["a", "b", "a", "b"]
    assert found == {"a": [{"rate": 1}, {"rate": 3}], "b": [{"rate": 2}, {"rate": 4}]}
    assert turns.medians(found["a"]) == {"rate": 2}
    assert turns.ratio(found["a"], found["b"], "rate", "rate") == pytest.approx((1 / 2 + 3 / 4) / 2)


def test_a_peer_that_fails_or_prints_no_figure_is_an_error():
    with pytest.raises(SystemExit, match=r"ended with 3:\nhelp"):
        turns.Peer("echo help >&2; exit 3", "", 0)()
    with pytest.raises(SystemExit, match="matches nothing"):
        turns.Peer("echo 7", "([0-9]+) apples", 0)()


def test_a_peer_without_a_pattern_is_measured_by_its_seconds(monkeypatch):
    ended = subprocess.CompletedProcess("", 0, b"", b"")
    monkeypatch.setattr(turns, "run", lambda command: (0.1, ended))
    assert turns.Peer("sleep 0.1", "", 10)() == {"seconds": 0.1, "1": pytest.approx(100)}


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_started_processes_share_the_cores_that_are_measured():
    code = "import os; print(len(os.sched_getaffinity(0)))"
    before = os.sched_getaffinity(0)
    with turns.pinned(1):
        assert turns.run([sys.executable, "-c", code])[1].stdout == b"1\n"
    assert os.sched_getaffinity(0) == before
    with pytest.raises(SystemExit, match="cores are requested"), turns.pinned(len(before) + 1):
        pass


def test_a_text_too_short_for_a_measurement_is_refused(monkeypatch):
    seconds = []
    monkeypatch.setattr(turns, "run", lambda command: (seconds.pop(0), None))
    seconds += [1.5, 1.25, 1.25]
    with pytest.raises(SystemExit, match="takes no longer than start-up"):
        turns.start_and_total(["translate"], Path("empty"), Path("text"))
    seconds += [1.5, 1.25, 2.0]
    assert turns.start_and_total(["translate"], Path("empty"), Path("text")) == (1.25, 2.0)


def test_arguments_are_keys_or_overrides():
    keys, rest = parse(quality.Keys, ["levels=1,2.5", "model=parallel", "plot=a.svg"])
    assert keys.levels == (1.0, 2.5) and keys.plot == "a.svg" and rest == ["model=parallel"]
    with pytest.raises(SystemExit, match="is not KEY=VALUE"):
        parse(quality.Keys, ["plot"])
    with pytest.raises(SystemExit, match="expected a value like"):
        parse(quality.Keys, ["levels=much"])


def test_overrides_take_precedence_over_the_reference_sizes():
    told = with_reference_sizes(["model=input_feeding", "data=multi30k"])
    assert "model=parallel" not in told and "tokenizer.size=8000" in told
    assert "tokenizer.size=4000" in with_reference_sizes([])
    assert "tokenizer.size=4000" not in with_reference_sizes(["tokenizer.size=99"])


@pytest.mark.parametrize("decoder", ["parallel", "input_feeding"])
def test_the_formula_counts_what_torch_multiplies(decoder):
    """Without fused recurrent kernels, which torch's counter does not see, and without padding."""
    sizes = ["model.hidden_size=32", "model.embedding_size=16", "model.dropout=0.0"]
    words = [*sizes, f"model={decoder}", "model/cell=layer_norm_lstm"]
    network = translation_model(plain(configuration("train", words, ()).model), PIECES, PIECES)
    pairs = batch([(6, 8)] * 4)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.logits(network(pairs))
    source, target = 7, 9
    operations = Products.of(network).forward(source, target)
    assert operations * 4 * target == pytest.approx(counter.get_total_flops(), rel=0.02)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_rate_of_products_is_that_of_the_machine(library):
    clock, processor = rate((64, 32, 48), torch.float32, 0.01, LIBRARIES[library])
    assert clock > 0 and processor > 0
