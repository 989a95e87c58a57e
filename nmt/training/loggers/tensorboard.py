"""Curves for TensorBoard."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nmt.runtime import atomic_files
from nmt.runtime.errors import MissingExtraError, NmtError
from nmt.training.loggers.logger import UpdateRecord, ValidationRecord


class TensorBoardLogger:
    """Writes scalars `train/…` and `valid/…`, and samples as text.

    Attributes:
        folder: of the event files.

    Raises:
        MissingExtraError: if tensorboard is not installed.
        NmtError: from each method, if the files cannot be written.
    """

    def __init__(self, folder: str) -> None:
        try:
            from torch.utils import tensorboard
        except ImportError as error:
            raise MissingExtraError("tensorboard", "tensorboard") from error
        self.folder = folder
        self._module = tensorboard
        self._writer: Any = None
        self._previous_hook = threading.excepthook

    def resume(self, update: int, validated: int) -> None:
        """Open a new event file, which hides the later updates in older ones."""
        threading.excepthook = self._excepthook
        atomic_files.check_own(Path(self.folder))
        with self._explain_errors():
            self._writer = self._module.SummaryWriter(self.folder, purge_step=update + 1)

    def log_update(self, record: UpdateRecord) -> None:
        """Add a point to each training curve."""
        with self._explain_errors():
            for name, value in dataclasses.asdict(record).items():
                if name != "update":
                    self._writer.add_scalar(f"train/{name}", value, record.update)

    def log_validation(self, record: ValidationRecord) -> None:
        """Add a point to each validation curve, and the samples."""
        with self._explain_errors():
            if record.kind == "validation":
                for name, value in record.values.items():
                    self._writer.add_scalar(f"valid/{name}", value, record.update)
            for number, sample in enumerate(record.samples, 1):
                text = f"{sample.source}\n\n{sample.target}\n\n{sample.output}"
                self._writer.add_text(f"sample/{number}", text, record.update)

    def close(self) -> None:
        """Write what is still buffered."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                with self._explain_errors():
                    writer.close()
        finally:
            threading.excepthook = self._previous_hook

    def _excepthook(self, uncaught: threading.ExceptHookArgs) -> None:
        # An error of the writing thread is raised by the next call; its traceback would repeat it.
        if not type(uncaught.thread).__module__.startswith("tensorboard."):
            self._previous_hook(uncaught)

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NmtError(
                f"the curves in {self.folder} cannot be written: {error.strerror or error}; "
                "free some space, then run the same command again"
            ) from error
