"""A full disk, a read-only disk, a file that may not grow: training loses nothing.

Disks are mounted in a namespace of the test's own, where the system allows it.
"""

import json
import shlex
import subprocess
import sys
import textwrap

import pytest
from helpers.small_run import starter

SMALL = (
    "data=files",
    "data.test=null",
    "tokenizer.size=200",
    "tokenizer.threads=1",
    "model.hidden_size=16",
    "model.embedding_size=16",
    "precision=float32",
    "epochs=null",
    "averaging=best",
    "validate_every=2",
    "samples=0",
    "schedule.warmup=1",
    "validation_search.length_factor=0.1",
    "threads=1",
)

SCRIPT = textwrap.dedent("""
    import json, os, resource, subprocess, sys
    from pathlib import Path

    folder, *arguments = sys.argv[1:]
    run = Path(folder) / "run"

    def train(updates, limit=None):
        def set_limit():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        command = [sys.executable, "-m", "nmt.train", f"run={run}", f"updates={updates}"]
        command += arguments
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=set_limit)
        print(json.dumps([done.returncode, done.stderr.splitlines()[-1]]))

    def fill():
        disk = os.statvfs(folder)
        (Path(folder) / "filler").write_bytes(bytes(disk.f_bavail * disk.f_frsize - 500_000))

    def files():
        # Not the lock, the settings, the records after the newest state, and checksums, which hold
        # for the old model and the next one.
        other = (".lock", "config.yaml", "metrics.jsonl", "SHA256SUMS")
        paths = [path for path in run.rglob("*") if path.is_file() and path.name not in other]
        return {str(path): path.read_bytes() for path in paths}
""")


@pytest.fixture
def arguments(tmp_path):
    for split, first, last in (("train", 0, 150), ("valid", 150, 160)):
        for language in ("de", "en"):
            lines = starter(f"valid.{language}")[first:last]
            (tmp_path / f"{split}.{language}").write_text("\n".join(lines) + "\n")
    files = [
        f"data.{split}.{side}={tmp_path}/{split}.{language}"
        for split in ("train", "valid")
        for side, language in (("source", "de"), ("target", "en"))
    ]
    return [*SMALL, *files, f"prepared={tmp_path}/prepared"]


def results_of(tmp_path, arguments, script, mount="true"):
    """Run SCRIPT and `script` in a namespace after the command `mount`; return its results."""
    (tmp_path / "disk").mkdir()
    python = [
        sys.executable,
        "-c",
        SCRIPT + textwrap.dedent(script),
        f"{tmp_path}/disk",
        *arguments,
    ]
    command = f"{mount.format(disk=shlex.quote(f'{tmp_path}/disk'))} && exec {shlex.join(python)}"
    if mount == "true":
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    else:
        own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
        probe = subprocess.run(
            [*own, "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False
        )
        if probe.returncode:
            pytest.skip("this system does not allow tests to mount a disk")
        done = subprocess.run([*own, command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_full_disk_ends_training_in_one_line_and_it_resumes_with_free_space(tmp_path, arguments):
    first, full, same, after = results_of(
        tmp_path,
        arguments,
        """
        train(2)
        before = files()
        fill()
        train(4)
        print(json.dumps(files() == before))
        os.unlink(Path(folder) / "filler")
        train(4)
        """,
        "mount -t tmpfs -o size=8m tmpfs {disk}",
    )
    assert first[0] == after[0] == 0
    assert full[0] == 2
    assert full[1].startswith(f"error: {tmp_path}/disk/run/")
    assert full[1].endswith(
        "MB left; free some space, then run the same command again; what was there before is kept"
    )
    assert same


def test_a_file_that_may_not_grow_is_like_a_full_disk(tmp_path, arguments):
    first, full, same, after = results_of(
        tmp_path,
        arguments,
        """
        train(2)
        before = files()
        train(4, limit=20_000)
        print(json.dumps(files() == before))
        train(4)
        """,
    )
    assert first[0] == after[0] == 0
    assert full[0] == 2
    assert full[1].endswith("cannot be written: File too large; what was there before is kept")
    assert same


def test_a_read_only_disk_is_reported_before_anything_is_prepared(tmp_path, arguments):
    (refused,) = results_of(
        tmp_path,
        arguments,
        "train(2)",
        "mount -t tmpfs -o ro tmpfs {disk}",
    )
    assert refused == [
        2,
        f"error: {tmp_path}/disk/run/training/.lock cannot be written: Read-only file system",
    ]
    assert not (tmp_path / "prepared").exists()
