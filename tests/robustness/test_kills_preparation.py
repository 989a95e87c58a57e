"""Preparations and downloads, killed at random: the result is that of an uninterrupted one."""

import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.download_server import NAME, TEXT, Server, running

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("NMT_KILLS", "3"))
SEED = int(os.environ.get("NMT_SEED", "1"))


def start(arguments, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process, message):
    for line in process.stderr:
        if message in line:
            return
    raise AssertionError(f"the process ended without logging {message!r}")


def finish(arguments, folder):
    """Run to the end, and return the seconds from each line on stderr."""
    process, logged = start(arguments, folder), []
    for line in process.stderr:
        logged.append((line, time.monotonic()))
    assert process.wait() == 0, logged
    return [(line, time.monotonic() - moment) for line, moment in logged]


def kill(process, seconds):
    """Kill the process after some seconds, and return whether it was alive."""
    time.sleep(seconds)
    alive = process.poll() is None
    process.kill()
    process.wait()
    process.stderr.close()
    return alive


def seconds_after(message, lines):
    return next(seconds for line, seconds in lines if message in line)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def command(folder):
    """Write a corpus into the folder, and return the arguments that prepare it."""
    arguments = ["nmt.prepare", "data=files", "tokenizer.size=1000"]
    for split, count in (("train", 6000), ("valid", 500)):
        for side, suffix in (("source", "de"), ("target", "en")):
            text = (ROOT / "data" / "starter" / f"{split}.{suffix}").read_text(encoding="utf-8")
            path = folder / f"{split}.{suffix}"
            path.write_text("".join(text.splitlines(keepends=True)[:count]), encoding="utf-8")
            arguments.append(f"data.{split}.{side}=[{path}]")
    return arguments


def test_a_killed_preparation_is_made_again_and_leaves_nothing_else(tmp_path):
    arguments = command(tmp_path)
    lines = finish([*arguments, "prepared=whole"], tmp_path)
    (whole,) = (tmp_path / "whole").iterdir()
    root, generator, hits = tmp_path / "killed", random.Random(SEED), 0
    goal = root / whole.name
    for _ in range(KILLS):
        message = generator.choice(["training the tokenizer", "encoding train", "encoding valid"])
        process = start([*arguments, "prepared=killed"], tmp_path)
        wait_for(process, message)
        hits += kill(process, generator.uniform(0, seconds_after(message, lines)))
        assert {path.name for path in root.iterdir()} <= {goal.name, f".{goal.name}.unfinished"}
        if goal.exists():  # Complete; it is deleted, so that the next process prepares it again.
            assert contents(goal) == contents(whole)
            for path in goal.iterdir():
                path.unlink()
            goal.rmdir()
    finish([*arguments, "prepared=killed"], tmp_path)
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
    folder, generator, hits = tmp_path / "killed", random.Random(SEED), 0
    with running(Server(content=packed, pause=pause)) as server:
        arguments = ["nmt.download", "multi30k", f"corpus.files=[{file}]"]
        arguments.append(f"corpus.address={server.address}")
        lines = finish([*arguments, "folder=whole"], tmp_path)
        assert contents(tmp_path / "whole") == {NAME: text}
        for _ in range(KILLS):
            process = start([*arguments, "folder=killed"], tmp_path)
            wait_for(process, f"from {server.address}")
            hits += kill(process, generator.uniform(0, seconds_after("from ", lines)))
            files = contents(folder) if folder.exists() else {}
            assert set(files) <= {NAME, f".{NAME}.part", ".lock"}
            if NAME in files:
                assert files[NAME] == text
                (folder / NAME).unlink()
        finish([*arguments, "folder=killed"], tmp_path)
    assert contents(folder) == {NAME: text}
    sys.stdout.write(f"{hits} of {KILLS} kills met a download at work\n")
    assert hits >= KILLS / 3
