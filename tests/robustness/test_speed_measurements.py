"""The benchmarks that measure whole commands on this machine, at tiny sizes."""

import importlib.metadata
import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.saved_models import save

ROOT = Path(__file__).parents[2]
SMALL = ["model.hidden_size=8", "model.embedding_size=8", "batches.budget=300"]
CORPUS = ["data=files", "tokenizer.size=150"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with some lines of the starter corpus, and a model that is untrained."""
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
    assert "MFLOP per target piece forward" in said and "x the peer" in said
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
