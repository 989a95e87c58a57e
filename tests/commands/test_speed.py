"""The benchmark of benchmarks/speed: each verb at a tiny size, and what its numbers are made of."""

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.networks import PIECES, batch
from helpers.saved_models import save
from torch.utils.flop_counter import FlopCounterMode

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks.speed import quality, turns
from benchmarks.speed.keys import parse
from benchmarks.speed.products import LIBRARIES, Products, rate
from benchmarks.speed.sizes import completed
from nmt.config.command_line import configuration
from nmt.config.instantiate import plain
from nmt.models.factory import translation_model

ROOT = Path(__file__).parents[2]
SMALL = ["model.hidden_size=8", "model.embedding_size=8", "batches.budget=300"]
CORPUS = ["data=files", "tokenizer.size=150"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with some lines of the starter corpus, and a model that has learnt nothing."""
    folder = tmp_path_factory.mktemp("speed")
    for side in ("de", "en"):
        lines = (ROOT / f"data/starter/valid.{side}").read_text(encoding="utf-8").splitlines()
        (folder / f"text.{side}").write_text("".join(f"{line}\n" for line in lines[:800]))
    save(folder / "run", 46)
    return folder


def corpus(place):
    return [
        *SMALL,
        *CORPUS,
        f"prepared={place / 'prepared'}",
        *(
            f"data.{split}.{name}=[{place / 'text'}.{side}]"
            for split in ("train", "valid")
            for name, side in (("source", "de"), ("target", "en"))
        ),
    ]


def measured(place, *words):
    """Run the command as a user does; give its report and what it printed."""
    report = place / "report.json"
    command = [sys.executable, "-m", "benchmarks.speed", *words, f"report={report}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    assert found["machine"]["processor"] and found["machine"]["cores"] >= 1
    assert found["versions"]["torch"] == importlib.metadata.version("torch")
    assert {"commit", "began", "threads"} <= found.keys()
    assert found["command"].startswith(f"python -m benchmarks.speed {words[0]}")
    return found, done.stdout


def peer(place, *figures):
    """A program that says another of these figures each time that it is run."""
    (place / "figures").write_text("\n".join(map(str, figures)))
    code = (
        f"import pathlib; file = pathlib.Path('{place / 'figures'}'); "
        "first, *rest = file.read_text().split(); "
        "file.write_text(' '.join(rest)); print('it made', first, 'target pieces/s')"
    )
    return f'peer={sys.executable} -c "{code}"'


def test_training_is_measured_beside_products_and_a_peer(place):
    words = ["rounds=3", "seconds=0.3", "warm=1", "product_seconds=0.01", "precisions=float32"]
    found, said = measured(place, "train", *words, peer(place, 100, 400, 200), *corpus(place))
    ours = found["turns"]["float32"]
    assert [one["1"] for one in found["turns"]["peer"]] == [100, 400, 200]
    ratios = [
        one["target_pieces_per_second"] / other
        for one, other in zip(ours, [100, 400, 200], strict=True)
    ]
    assert found["ratios"]["float32"] == pytest.approx(statistics.median(ratios))
    row = found["medians"]["float32"]
    for name in row:
        assert row[name] == statistics.median(one[name] for one in ours) > 0
    for one in ours:
        operations = one["flops_per_target_piece"] * one["target_pieces_per_second"]
        share = operations / one["product_flops_per_second"]
        assert one["share_of_products"] == pytest.approx(share)
    assert row["peak_memory_bytes"] > 50e6
    assert "MFLOP a target piece forward" in said and "x the peer" in said
    assert "model.hidden_size=8" in found["overrides"]


def test_translation_is_measured_with_bleu_latency_and_a_peer(place):
    files = [f"source={place / 'text.de'}", f"target={place / 'text.en'}", f"run={place / 'run'}"]
    found, said = measured(
        place, "translate", *files, "lines=700", "rounds=1", "sentences=3",
        "settings=search=greedy;search=beam search.size=2",
        f"peer={sys.executable} -c \"print('took 4 s, took 8 s')\"", r"pattern=took (\d+) s",
    )  # fmt: skip
    assert found["lines"] == 700
    rows = found["medians"]
    assert [rows["peer"]["1"], rows["peer"]["2"]] == [175, 87.5]
    greedy, beam = rows["search=greedy"], rows["search=beam search.size=2"]
    for row in (greedy, beam):
        assert row["command_seconds"] > row["start_seconds"] > 0
        assert 0 < row["latency_p50_milliseconds"] <= row["latency_p95_milliseconds"]
        assert 0 <= row["bleu"] <= 100
        whole = row["command_seconds"] - row["start_seconds"]
        assert row["sentences_per_second"] == pytest.approx(700 / whole)
        assert row["target_pieces_per_second"] >= row["sentences_per_second"]  # END at least
    assert found["ratios"] == {
        "search=greedy": pytest.approx(greedy["sentences_per_second"] / 175),
        "search=beam search.size=2": pytest.approx(beam["sentences_per_second"] / 87.5),
    }
    assert "tok:13a" in found["details"]["search=greedy"]["signature"]
    assert said.count("BLEU") == 2


def test_growth_is_measured_and_drawn(place):
    values = ["length=4,8", "batch=1,3", "beam=1,2", "vocabulary=50,60", "corpus=0", "rounds=1"]
    picture = place / "growth.svg"
    found, said = measured(place, "growth", *values, *SMALL, f"picture={picture}")
    assert len(found["medians"]) == 8
    assert found["medians"]["length 8"]["update_seconds"] > 0
    assert "update_seconds" not in found["medians"]["beam 2"]
    assert "search seconds grow as length to the power" in said
    assert picture.read_text().count("beam") >= 1


def test_cores_are_compared(place):
    words = [
        f"run={place / 'run'}",
        f"source={place / 'text.de'}",
        "rounds=1",
        "updates=4",
        "cores=1",
    ]
    found, said = measured(place, "cores", *words, "training=threads", *corpus(place))
    assert found["ratios"].keys() == {
        "training, threads",
        "translation, threads",
        "translation, workers",
    }
    rows = found["medians"]
    for name in ("training", "translation"):
        ratio = rows[f"{name}, threads"]["rate"] / rows[f"{name}, 1 core"]["rate"]
        assert found["ratios"][f"{name}, threads"] == pytest.approx(ratio)
    assert said.count("x one core") == 3


TOOK = {"validation_seconds": 30.0}


def test_quality_is_read_from_runs_and_from_tables(place):
    (place / "metrics.jsonl").write_text(
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
    (place / "peer.csv").write_text("minutes,bleu\n5,3.5\n20,2\n40,11\n")
    curves = f"curves=ours:{place / 'metrics.jsonl'},peer:{place / 'peer.csv'}"
    found, said = measured(place, "quality", curves, f"picture={place / 'quality.svg'}")
    assert found["rows"]["ours"]["minutes_to"] == {"10": 2.0, "20": 10.0, "30": 10.0}
    assert found["rows"]["ours"]["bleu_after"] == {"10": 31.0, "30": 31.0, "60": 31.0}
    assert found["rows"]["peer"]["minutes_to"] == {"10": 40.0, "20": None, "30": None}
    assert found["rows"]["peer"]["bleu_after"] == {"10": 3.5, "30": 3.5, "60": 11.0}
    assert "| peer | 40.0 |  |  | 3.5 | 3.5 | 11.0 |" in said
    assert (place / "quality.svg").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("time,bleu\n1,2\n", "expected minutes and bleu"), ("minutes,bleu\n", "has no validation")],
)
def test_a_curve_that_is_none_is_refused(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SystemExit, match=message):
        quality.read(tmp_path / "a.csv")


def test_turns_alternate():
    order = []
    found = turns.take(
        2, {name: lambda name=name: order.append(name) or {"rate": len(order)} for name in "ab"}
    )
    assert order == ["a", "b", "a", "b"]
    assert found == {"a": [{"rate": 1}, {"rate": 3}], "b": [{"rate": 2}, {"rate": 4}]}
    assert turns.medians(found["a"]) == {"rate": 2}
    assert turns.ratio(found["a"], found["b"], "rate", "rate") == pytest.approx((1 / 2 + 3 / 4) / 2)


def test_a_peer_that_fails_or_says_nothing_ends_the_measuring():
    with pytest.raises(SystemExit, match=r"ended with 3:\nhelp"):
        turns.Peer("echo help >&2; exit 3", "", 0)()
    with pytest.raises(SystemExit, match="matches nothing"):
        turns.Peer("echo 7", "([0-9]+) apples", 0)()
    assert turns.Peer("sleep 0.1", "", 10)()["1"] == pytest.approx(100, rel=0.5)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_what_is_started_shares_the_cores_that_are_measured():
    code = "import os; print(len(os.sched_getaffinity(0)))"
    before = os.sched_getaffinity(0)
    with turns.pinned(1):
        assert turns.run([sys.executable, "-c", code])[1].stdout == b"1\n"
    assert os.sched_getaffinity(0) == before
    with pytest.raises(SystemExit, match="cores are asked for"), turns.pinned(len(before) + 1):
        pass


def test_a_text_too_short_to_be_told_from_start_up_is_refused(tmp_path):
    slow_start = [sys.executable, "-c", "import sys, time; time.sleep('empty' in sys.argv[1])"]
    with pytest.raises(SystemExit, match="takes no longer than start-up"):
        turns.beside_start(slow_start, tmp_path / "empty", Path("text"))
    start, whole = turns.beside_start(slow_start, Path("text"), Path("empty"))
    assert whole > 1 > start


def test_words_are_sorted_into_keys_and_overrides():
    keys, rest = parse(quality.Keys, ["levels=1,2.5", "model=parallel", "picture=a.svg"])
    assert keys.levels == (1.0, 2.5) and keys.picture == "a.svg" and rest == ["model=parallel"]
    with pytest.raises(SystemExit, match="no KEY=VALUE"):
        parse(quality.Keys, ["picture"])
    with pytest.raises(SystemExit, match="expected a value like"):
        parse(quality.Keys, ["levels=much"])


def test_the_users_words_go_before_the_reference_sizes():
    told = completed(["model=input_feeding", "data=multi30k"])
    assert "model=parallel" not in told and "tokenizer.size=8000" in told
    assert "tokenizer.size=4000" in completed([])
    assert "tokenizer.size=4000" not in completed(["tokenizer.size=99"])


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
    assert 1e6 < clock < 1e14 and processor > 0
