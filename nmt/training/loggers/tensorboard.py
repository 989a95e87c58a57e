"""Curves for TensorBoard."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nmt.runtime.errors import MissingExtraError, NmtError
from nmt.training.loggers.logger import UpdateRecord, ValidationRecord


class TensorBoardLogger:
    """Writes scalars `train/…` and `valid/…` and the samples as text.

    Attributes:
        folder: where the event files go.

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
        self._hook = threading.excepthook

    def resume(self, update: int, validated: int) -> None:
        """Open a new event file that hides what older ones hold of later updates."""
        threading.excepthook = self._except_hook
        with self._explained():
            self._writer = self._module.SummaryWriter(self.folder, purge_step=update + 1)

    def update(self, record: UpdateRecord) -> None:
        """Add a point to each curve of the training."""
        with self._explained():
            for name, value in dataclasses.asdict(record).items():
                if name != "update":
                    self._writer.add_scalar(f"train/{name}", value, record.update)

    def validation(self, record: ValidationRecord) -> None:
        """Add a point to each curve of the validations, and the samples."""
        with self._explained():
            if record.kind == "validation":
                for name, value in record.values.items():
                    self._writer.add_scalar(f"valid/{name}", value, record.update)
            for number, sample in enumerate(record.samples, 1):
                text = f"{sample.source}\n\n{sample.target}\n\n{sample.output}"
                self._writer.add_text(f"sample/{number}", text, record.update)

    def close(self) -> None:
        """Write what is still held."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                with self._explained():
                    writer.close()
        finally:
            threading.excepthook = self._hook

    def _except_hook(self, thrown: threading.ExceptHookArgs) -> None:
        # What the writing thread meets, the next method says: its traceback would say it twice.
        if not type(thrown.thread).__module__.startswith("tensorboard."):
            self._hook(thrown)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NmtError(
                f"the curves in {self.folder} cannot be written: {error.strerror or error}; "
                "free some space, then run the same command again"
            ) from error
