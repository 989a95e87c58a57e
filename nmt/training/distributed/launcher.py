"""Several processes that train as one, without torchrun: this one is the first, and starts others.

So what is said, the exit status and the folder's lock are those of one process. The others end when
their input does, however this one ends; signals of the terminal reach this one alone, and the
others through it (nmt/training/signals.py).
"""

import importlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryFile

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from nmt.config import command_line
from nmt.runtime import cpus, worker_pool
from nmt.runtime.errors import LostProcessError
from nmt.training.distributed import collectives

logger = logging.getLogger(__name__)

HERE = "127.0.0.1"
LOOPBACK = {"linux": "lo", "darwin": "lo0"}
"""Systems on which `auto` takes several processes, each with the network within the machine."""

PIECES_EACH = 4096
"""Of an update. It has costs that do not depend on the batch, which each process has anew, and
the sums of gradients besides; docs/speed.md says how to measure where they no longer matter."""

SECONDS = 10.0
"""In which a process whose input has ended must have ended, too."""

START = """import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from nmt.training.distributed import launcher
launcher.follow(sys.argv.pop(1))"""


def count(asked: object, threads: object, device: str, pieces: int, begun: int | None) -> int:
    """Say how many processes are to train.

    Args:
        asked: a number, or `auto`: as many as the run began with, else one a core where that is
            faster than as many threads.
        threads: that the user chose; None is torch's choice.
        device: where the network is, `cpu` or another kind.
        pieces: of an update, of all processes together.
        begun: with how many the run began, None for a new one.

    Raises:
        ConfigurationError: if it is no such number, or several processes cannot work so.
    """
    number = cpus.parse_count("workers", asked)
    if number is None:
        cores = min(cpus.count(), torch.get_num_threads())
        several = threads is None and device == "cpu" and sys.platform in LOOPBACK
        number = begun or (cores if several and pieces >= PIECES_EACH * cores else 1)
    return worker_pool.resolve_count(number, threads, device, number)


@contextmanager
def together(number: int, command: str, arguments: Sequence[str]) -> Iterator[None]:
    """Be the first of so many processes of one thread each, which end with this context.

    Args:
        number: of processes; 1 starts none and changes nothing.
        command: that all run; the name of its module, function and configuration.
        arguments: of the command.

    Raises:
        LostProcessError: if one of them ends before it has begun.
    """
    if number == 1:
        yield
        return
    logger.info("training with %d processes of one thread each", number)
    threads = torch.get_num_threads()
    store = _store()
    shared = {
        "WORLD_SIZE": str(number),
        "MASTER_ADDR": HERE,
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # The store is there; no rank makes one.
    }
    if sys.platform in LOOPBACK:
        shared["GLOO_SOCKET_IFNAME"] = LOOPBACK[sys.platform]
    torch.set_num_threads(1)
    try:
        with ExitStack() as stack, _environment({**shared, "RANK": "0", "LOCAL_RANK": "0"}):
            words = [json.dumps(sys.path), command, *arguments]
            others = [stack.enter_context(_other(words, rank)) for rank in range(1, number)]
            for other in others:
                _await(other)
            yield
    finally:
        torch.set_num_threads(threads)


def _store() -> TCPStore:
    """Open where the processes find each other, for this machine alone."""
    with socket.socket() as listening:
        listening.bind((HERE, 0))
        listening.listen()
        port = listening.getsockname()[1]
        file = listening.detach()  # The store closes it.
    return TCPStore(HERE, port, is_master=True, wait_for_workers=False, master_listen_fd=file)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _other(words: Sequence[str], rank: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that ends with this context; what it said is of interest if it was lost."""
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"}
    with (
        TemporaryFile() as said,
        subprocess.Popen(
            [sys.executable, "-c", START, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **own},
            start_new_session=True,  # Away from the terminal and its signals.
        ) as process,
    ):
        try:
            yield process
        except LostProcessError:
            _ended(process)
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()
            if not _ended(process):
                process.kill()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS)
    return process.returncode is not None


def _await(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process meets the others, which notice its end from then on."""
    assert process.stdout is not None
    if not process.stdout.read(1):
        raise LostProcessError(
            f"process {process.pid}, which this one started to train with it, has ended at once;"
            " where memory is short, give workers=1"
        )


def follow(command: str) -> None:
    """Run a command in a process that `together` started, after meeting the others."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    module = importlib.import_module(f"nmt.{command}")
    os.write(1, b"!")
    collectives.start()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(command_line.run(command, getattr(module, command)))


def _end_with_input() -> None:
    """End at once: what is worth keeping, the first process has kept."""
    os.read(0, 1)
    os._exit(0)
