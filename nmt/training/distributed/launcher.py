"""Several processes on this machine without torchrun: the command itself is the first one.

Log, exit status and the lock of the run's folder are therefore those of one process. The others end
when their standard input does, however the first one ends. Signals of the terminal reach only the
first, which passes them on (`nmt.training.signals`).
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
from nmt.runtime.errors import LostProcessError, require
from nmt.training.distributed import collectives

logger = logging.getLogger(__name__)

LOCALHOST = "127.0.0.1"
LOOPBACK = {"linux": "lo", "darwin": "lo0"}
"""The network interface within the machine, by system; `auto` starts processes on these only."""

PIECES_PER_PROCESS = 4096
"""Pieces of an update from which on a further process pays: part of an update's time does not
depend on the batch, and summing gradients costs more. docs/speed.md says how to measure it."""

EXIT_SECONDS = 10.0
"""How long a process may run after its input has ended."""

START = """import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from nmt.training.distributed import launcher
launcher.run_worker(sys.argv.pop(1))"""


def check_running(workers: object) -> None:
    """Check that as many processes as the user asked for are running, if torchrun started them.

    Raises:
        ConfigurationError: if `workers` is another number, or none.
    """
    asked, ranks = cpus.parse_count("workers", workers), collectives.world_size()
    require(asked in (None, ranks), "workers", asked, f"auto, as {ranks} processes are running")


def process_count(
    workers: object, threads: object, device: str, pieces: int, previous: int | None
) -> int:
    """Return the number of processes to train with.

    Args:
        workers: a number, or `auto`: as many as before, or for a new run one per core if that is
            faster than as many threads.
        threads: set by the user; None is torch's default.
        device: type of the device, `cpu` or another.
        pieces: of an update, in all processes together.
        previous: number that the run has been trained with; None for a new run.

    Raises:
        ConfigurationError: if `workers` is neither, or several processes cannot work so.
    """
    number = cpus.parse_count("workers", workers)
    if number is None:
        cores = min(cpus.count(), torch.get_num_threads())
        several = threads is None and device == "cpu" and sys.platform in LOOPBACK
        number = previous or (cores if several and pieces >= PIECES_PER_PROCESS * cores else 1)
    return worker_pool.resolve_count(number, threads, device, number)


@contextmanager
def launch(number: int, command: str, arguments: Sequence[str]) -> Iterator[None]:
    """Start `number - 1` processes, which end with this context; all have one thread each.

    Args:
        number: of processes; 1 changes nothing.
        command: name of its module, function and configuration.
        arguments: of the command.

    Raises:
        LostProcessError: if one of them ends at its start.
    """
    if number == 1:
        yield
        return
    logger.info("training with %d processes of one thread each", number)
    threads = torch.get_num_threads()
    store = _store()
    shared = {
        "WORLD_SIZE": str(number),
        "MASTER_ADDR": LOCALHOST,
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # The store exists; rank 0 makes none.
    }
    if sys.platform in LOOPBACK:
        shared["GLOO_SOCKET_IFNAME"] = LOOPBACK[sys.platform]
    torch.set_num_threads(1)
    try:
        with ExitStack() as stack, _environment({**shared, "RANK": "0", "LOCAL_RANK": "0"}):
            argv = [json.dumps(sys.path), command, *arguments]
            workers = [stack.enter_context(_worker(argv, rank)) for rank in range(1, number)]
            for worker in workers:
                _wait_for_start(worker)
            yield
    finally:
        torch.set_num_threads(threads)


def _store() -> TCPStore:
    """Open the store at which the processes meet; it listens on this machine's loopback only."""
    with socket.socket() as listening:
        listening.bind((LOCALHOST, 0))
        listening.listen()
        port = listening.getsockname()[1]
        file = listening.detach()  # The store closes it.
    return TCPStore(LOCALHOST, port, is_master=True, wait_for_workers=False, master_listen_fd=file)


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
def _worker(argv: Sequence[str], rank: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that ends with this context; its log is shown only if it is lost."""
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"}
    with ExitStack() as stack:
        log = stack.enter_context(TemporaryFile())
        with cpus.starting():
            started = subprocess.Popen(
                [sys.executable, "-c", START, *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **own},
                start_new_session=True,  # Away from the terminal and its signals.
            )
        process = stack.enter_context(started)
        try:
            yield process
        except LostProcessError:
            _has_ended(process)
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()
            if not _has_ended(process):
                process.kill()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process ends within EXIT_SECONDS."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(EXIT_SECONDS)
    return process.returncode is not None


def _wait_for_start(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process connects to the others, which notice its end from then on."""
    assert process.stdout is not None
    if not process.stdout.read(1):
        raise LostProcessError(
            f"process {process.pid}, started to train with this one, has ended at once; if memory "
            "is short, use workers=1"
        )


def run_worker(command: str) -> None:
    """Run a command in a process that `launch` started, connected to the others."""
    threading.Thread(target=_exit_after_input, daemon=True).start()
    module = importlib.import_module(f"nmt.{command}")
    os.write(1, b"!")
    collectives.initialize()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(command_line.run(command, getattr(module, command)))


def _exit_after_input() -> None:
    """End the process, without cleaning up, when its input ends: the first one saves the state."""
    os.read(0, 1)
    os._exit(0)
