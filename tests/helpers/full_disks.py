"""Disks that are full or read-only: real ones where the system allows it, and what is like them."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """Let the system refuse to write any file beyond so many bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@cache
def _may_mount() -> bool:
    try:
        done = subprocess.run([*NAMESPACE, "mount -t tmpfs none /mnt"], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def run(mount: str, folder: Path, *words: str, cwd: Path) -> tuple[int, str, list[str]]:
    """Run a command of ours with something mounted at `folder`, which nobody else sees.

    Args:
        mount: what `mount` is told before the folder.
        folder: is there.
        words: module and arguments.
        cwd: where the command runs.

    Returns:
        exit status, stderr, and the files that are below the folder at the end.
    """
    if not _may_mount():
        pytest.skip("this system lets nobody mount in a namespace of their own")
    script = (
        f'mount {mount} "$1" || exit 99; cd "$2"; shift 2; "$@" >&2; echo $?; find "$0" -type f'
    )
    command = [*NAMESPACE, script, str(folder), str(folder), str(cwd), sys.executable, "-m", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    status, *files = done.stdout.splitlines()
    return int(status), done.stderr, sorted(files)
