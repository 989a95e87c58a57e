import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from nmt.runtime import locks
from nmt.runtime.errors import NmtError

HOLD = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from nmt.runtime import locks
    with locks.locked(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
""")


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def is_locked(folder):
    try:
        with locks.locked(folder):
            return False
    except locks.LockedError:
        return True


def test_the_holder_of_a_folder_is_named(tmp_path, holder):
    with pytest.raises(locks.LockedError) as caught, locks.locked(tmp_path):
        pass
    assert f"{tmp_path} is being written by process {holder.pid} on " in str(caught.value)


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / locks.NAME).exists()
    with locks.locked(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / locks.NAME).read_text()


def test_the_lock_makes_its_folder_and_can_be_held_again(tmp_path):
    for _ in range(2):
        with locks.locked(tmp_path / "new"):
            assert is_locked(tmp_path / "new")
    assert not is_locked(tmp_path / "new")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NmtError, match=r"file/run/\.lock cannot be written: Not a directory"),
        locks.locked(tmp_path / "file" / "run"),
    ):
        pass


def test_a_transient_lock_leaves_no_file_and_does_not_wait_for_a_killed_process(tmp_path, holder):
    with pytest.raises(locks.LockedError), locks.transient(tmp_path):
        pass
    holder.kill()
    holder.wait()
    for _ in range(2):
        with locks.transient(tmp_path):
            assert is_locked(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_threads_that_remove_the_locked_folder_never_hold_the_lock_together(tmp_path):
    folder, holders, counts = tmp_path / "new", [], []

    def work():
        for _ in range(300):
            with suppress(locks.LockedError), locks.transient(folder):
                holders.append(1)
                time.sleep(0.0002)
                counts.append(len(holders))
                holders.pop()
            with suppress(OSError):
                folder.rmdir()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work) for _ in range(4)]:
            done.result()
    assert set(counts) == {1}
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_file_is_written_by_one_process_and_an_abandoned_one_is_overwritten(tmp_path):
    path = tmp_path / "file"
    path.write_text("left by a killed process")
    with locks.open_exclusive(path) as file:
        file.write(b"new")
        with (
            pytest.raises(locks.LockedError, match="file is being written by another process"),
            locks.open_exclusive(path),
        ):
            pass
    assert path.read_text() == "new"


def test_a_folder_is_locked_on_a_full_disk(tmp_path, monkeypatch):
    def full(handle, data):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.write", full)
    with locks.locked(tmp_path):
        assert is_locked(tmp_path)


def test_a_file_system_without_locks_is_a_warning(tmp_path, monkeypatch, caplog):
    def refuse(handle, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    with locks.locked(tmp_path):
        pass
    assert "Function not implemented: make sure that only one process writes the" in caplog.text


@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "pipe"])
def test_a_lock_is_never_written_through_another_file(tmp_path, kind):
    folder, victim = tmp_path / "training", tmp_path / "victim"
    folder.mkdir()
    lock = folder / locks.NAME
    if kind != "dangling link":
        victim.write_text("precious")
    {
        "link": lambda: lock.symlink_to(victim),
        "dangling link": lambda: lock.symlink_to(victim),
        "hard link": lambda: lock.hardlink_to(victim),
        "pipe": lambda: os.mkfifo(lock),
    }[kind]()
    with pytest.raises(NmtError, match=r"training/\.lock is a link, a pipe"), locks.locked(folder):
        pass
    assert victim.exists() == (kind != "dangling link")
    assert kind == "dangling link" or victim.read_text() == "precious"


def test_a_folder_that_is_a_link_is_not_locked(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "training").symlink_to("elsewhere")
    for lock in (locks.locked, locks.transient):
        with (
            pytest.raises(NmtError, match="training is a link, a pipe"),
            lock(tmp_path / "training"),
        ):
            pass
    assert list((tmp_path / "elsewhere").iterdir()) == []
