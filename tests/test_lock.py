import os
import signal
import subprocess
import sys
import textwrap

import pytest

from nmt import lock
from nmt.errors import NmtError

HOLD = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from nmt import lock
    with lock.locked(Path(sys.argv[1])):
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
    assert not lock.free(tmp_path)
    with pytest.raises(lock.LockedError) as caught, lock.locked(tmp_path):
        pass
    assert f"{tmp_path} is being written by process {holder.pid} on " in str(caught.value)


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / lock.NAME).exists() and lock.free(tmp_path)
    with lock.locked(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / lock.NAME).read_text()


def test_the_lock_is_given_back_and_makes_its_folder(tmp_path):
    for _ in range(2):
        with lock.locked(tmp_path / "new"):
            assert not lock.free(tmp_path / "new")
    assert lock.free(tmp_path / "new") and lock.free(tmp_path / "none")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NmtError, match=r"file/run/\.lock cannot be written: Not a directory"),
        lock.locked(tmp_path / "file" / "run"),
    ):
        pass
