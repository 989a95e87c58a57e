"""Preparation and download, killed at random moments: the end is that of an uninterrupted one."""

import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from helpers.download_server import NAME, TEXT, Server, running

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("NMT_KILLS", "3"))
SEED = int(os.environ.get("NMT_SEED", "1"))


def start(words, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process, said):
    for line in process.stderr:
        if said in line:
            return
    raise AssertionError(f"the process ended without saying {said!r}")


def finish(words, folder):
    """Run to the end and give the seconds that it took after each line on stderr."""
    process, said = start(words, folder), []
    for line in process.stderr:
        said.append((line, time.monotonic()))
    assert process.wait() == 0, said
    return [(line, time.monotonic() - moment) for line, moment in said]


def kill(process, seconds):
    """Kill after so many seconds; tell whether there was something to kill."""
    time.sleep(seconds)
    alive = process.poll() is None
    process.kill()
    process.wait()
    process.stderr.close()
    return alive


def seconds_after(said, lines):
    return next(seconds for line, seconds in lines if said in line)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def command(folder):
    """Write a corpus into the folder, and give the arguments that prepare it."""
    words = ["nmt.prepare", "data=files", "tokenizer.size=1000"]
    for split, count in (("train", 6000), ("valid", 500)):
        for side, suffix in (("source", "de"), ("target", "en")):
            text = (ROOT / "data" / "starter" / f"{split}.{suffix}").read_text(encoding="utf-8")
            path = folder / f"{split}.{suffix}"
            path.write_text("".join(text.splitlines(keepends=True)[:count]), encoding="utf-8")
            words.append(f"data.{split}.{side}=[{path}]")
    return words


def test_a_killed_preparation_is_made_again_and_leaves_nothing_else(tmp_path):
    words = command(tmp_path)
    lines = finish([*words, "prepared=whole"], tmp_path)
    (whole,) = (tmp_path / "whole").iterdir()
    root, draws, hits = tmp_path / "killed", random.Random(SEED), 0
    goal = root / whole.name
    for _ in range(KILLS):
        said = draws.choice(["training the tokenizer", "encoding train", "encoding valid"])
        process = start([*words, "prepared=killed"], tmp_path)
        wait_for(process, said)
        hits += kill(process, draws.uniform(0, seconds_after(said, lines)))
        assert {path.name for path in root.iterdir()} <= {goal.name, f".{goal.name}.unfinished"}
        if goal.exists():  # Complete; it is deleted, so that the next process prepares it again.
            assert contents(goal) == contents(whole)
            for path in goal.iterdir():
                path.unlink()
            goal.rmdir()
    finish([*words, "prepared=killed"], tmp_path)
    assert list(root.iterdir()) == [goal]
    assert contents(goal) == contents(whole)
    sys.stdout.write(f"{hits} of {KILLS} kills met a preparation at work\n")
    assert hits >= KILLS / 2


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_a_signal_while_a_tokenizer_is_trained_ends_the_command_as_elsewhere(
    tmp_path, seconds, number, status
):
    process = start([*command(tmp_path), "prepared=prepared"], tmp_path)
    wait_for(process, "training the tokenizer")
    time.sleep(seconds)
    process.send_signal(number)
    assert (process.stderr.read(), process.wait()) == ("", status)
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_killed_download_is_made_again_and_leaves_nothing_else(tmp_path):
    text = TEXT + b"and again\n" * 6_000_000  # half a second to unpack
    packed = gzip.compress(text)
    pause = 4096 / len(packed)  # a second to receive
    file = (
        f"{{_target_:nmt.data.download.download.PackedText,name:{NAME},"
        f"sha256:{hashlib.sha256(text).hexdigest()}}}"
    )
    folder, draws, hits = tmp_path / "killed", random.Random(SEED), 0
    with running(Server(content=packed, pause=pause)) as server:
        words = ["nmt.download", "multi30k", f"corpus.files=[{file}]"]
        words.append(f"corpus.address={server.address}")
        lines = finish([*words, "folder=whole"], tmp_path)
        assert contents(tmp_path / "whole") == {NAME: text}
        for _ in range(KILLS):
            process = start([*words, "folder=killed"], tmp_path)
            wait_for(process, f"from {server.address}")
            hits += kill(process, draws.uniform(0, seconds_after("from ", lines)))
            found = contents(folder) if folder.exists() else {}
            assert set(found) <= {NAME, f".{NAME}.part", ".lock"}
            if NAME in found:
                assert found[NAME] == text
                (folder / NAME).unlink()
        finish([*words, "folder=killed"], tmp_path)
    assert contents(folder) == {NAME: text}
    sys.stdout.write(f"{hits} of {KILLS} kills met a download at work\n")
    assert hits >= KILLS / 3
