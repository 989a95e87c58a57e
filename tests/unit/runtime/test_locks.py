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


def test_a_second_process_is_told_who_holds_the_folder(tmp_path, holder):
    assert not locks.free(tmp_path)
    with pytest.raises(locks.LockedError) as caught, locks.locked(tmp_path):
        pass
    assert f"{tmp_path} is being written by process {holder.pid} on " in str(caught.value)


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / locks.NAME).exists() and locks.free(tmp_path)
    with locks.locked(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / locks.NAME).read_text()


def test_the_lock_is_given_back_and_makes_its_folder(tmp_path):
    for _ in range(2):
        with locks.locked(tmp_path / "new"):
            assert not locks.free(tmp_path / "new")
    assert locks.free(tmp_path / "new") and locks.free(tmp_path / "none")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NmtError, match=r"file/run/\.lock cannot be written: Not a directory"),
        locks.locked(tmp_path / "file" / "run"),
    ):
        pass


def test_a_passing_lock_leaves_no_file_and_waits_for_none_that_was_killed(tmp_path, holder):
    with pytest.raises(locks.LockedError), locks.passing(tmp_path):
        pass
    holder.kill()
    holder.wait()
    for _ in range(2):
        with locks.passing(tmp_path):
            assert not locks.free(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_many_that_take_one_lock_and_its_folder_away_never_hold_it_together(tmp_path):
    folder, inside, held = tmp_path / "new", [], []

    def work():
        for _ in range(300):
            with suppress(locks.LockedError), locks.passing(folder):
                inside.append(1)
                time.sleep(0.0002)
                held.append(len(inside))
                inside.pop()
            with suppress(OSError):
                folder.rmdir()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work) for _ in range(4)]:
            done.result()
    assert set(held) == {1}
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_file_is_written_by_one_at_a_time_and_a_left_one_is_used_again(tmp_path):
    path = tmp_path / "file"
    path.write_text("left by a process that was killed")
    with locks.alone(path) as file:
        file.write(b"new")
        with (
            pytest.raises(locks.LockedError, match="file is being written by another process"),
            locks.alone(path),
        ):
            pass
    assert path.read_text() == "new"


def test_a_full_disk_does_not_keep_a_folder_from_being_locked(tmp_path):
    (tmp_path / locks.NAME).symlink_to("/dev/full")
    with locks.locked(tmp_path):
        assert not locks.free(tmp_path)


def test_a_file_system_without_locks_is_written_with_a_warning(tmp_path, monkeypatch, caplog):
    def refuse(handle, operation):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    with locks.locked(tmp_path):
        pass
    assert "Function not implemented: see to it that only one process writes the" in caplog.text
