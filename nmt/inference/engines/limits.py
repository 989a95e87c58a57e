"""Limits of the memory and the time that graphs take in ONNX Runtime, whatever they compute."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from nmt.inspection import files
from nmt.runtime.errors import ModelError

MOST_BYTES = files.memory() // 2
"""Of all tensors of the sessions of a process, whatever their graphs ask for."""

ENCODER_SECONDS = 120.0
"""For a batch, after which an encoder is stopped: the loop of a hostile one need not end."""


def limit_memory(options: Any) -> None:
    """Share the allocator of MOST_BYTES with a session; a process has one for all its sessions.

    Args:
        options: of the session; changed.
    """
    _create_allocator()
    options.add_session_config_entry("session.use_env_allocators", "1")


@cache
def _create_allocator() -> None:
    import onnxruntime as ort

    kind = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    info = ort.OrtMemoryInfo("Cpu", kind, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(info, ort.OrtArenaCfg(MOST_BYTES, -1, -1, -1))


@contextmanager
def time_limit(name: str) -> Iterator[Any]:
    """Yield options of a run that is stopped after ENCODER_SECONDS.

    Args:
        name: of the graph, for the message.

    Raises:
        ModelError: if it was stopped.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    timer = threading.Timer(ENCODER_SECONDS, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield options
    except ModelError as error:
        if not options.terminate:
            raise
        message = f"{name} takes more than {ENCODER_SECONDS:g} s for a batch, and was stopped"
        raise ModelError(message) from error
    finally:
        timer.cancel()
