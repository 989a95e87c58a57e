import os
import threading

import pytest

from nmt.runtime import cpus
from nmt.runtime.errors import NmtError
from nmt.runtime.processes import Forked, ProcessPool, Spawned

MESSAGE = r"^the system starts no further threads or processes here; .*\(ulimit -u"


def no_thread(thread):
    raise RuntimeError("can't start new thread")


def no_process(*arguments, **options):
    raise BlockingIOError(11, os.strerror(11))


def test_a_limit_of_threads_is_one_line(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(NmtError, match=MESSAGE):
        cpus.map_in_threads(abs, [-1, 2])
    with ProcessPool(abs, 1, Forked) as pool, pytest.raises(NmtError, match=MESSAGE):
        list(pool.map([-1, 2]))


@pytest.mark.parametrize(("kind", "call"), [(Forked, "os.fork"), (Spawned, "subprocess.Popen")])
def test_a_limit_of_processes_is_one_line(monkeypatch, kind, call):
    monkeypatch.setattr(call, no_process)
    with pytest.raises(NmtError, match=MESSAGE), ProcessPool(abs, 2, kind):
        pass


def test_other_errors_stay():
    with pytest.raises(RuntimeError, match=r"^other$"), cpus.starting():
        raise RuntimeError("other")
