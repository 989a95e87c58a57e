"""Curves for TensorBoard."""

import dataclasses
from typing import Any

from nmt.errors import MissingExtraError
from nmt.journals.journal import UpdateRecord, ValidationRecord


class TensorBoard:
    """Writes scalars `train/…` and `valid/…` and the samples as text.

    Attributes:
        folder: where the event files go.

    Raises:
        MissingExtraError: if tensorboard is not installed.
    """

    def __init__(self, folder: str) -> None:
        try:
            from torch.utils import tensorboard
        except ImportError as error:
            raise MissingExtraError("tensorboard", "tensorboard") from error
        self.folder = folder
        self._module = tensorboard
        self._writer: Any = None

    def resume(self, update: int) -> None:
        """Open a new event file that hides what older ones hold of later updates."""
        self._writer = self._module.SummaryWriter(self.folder, purge_step=update + 1)

    def update(self, record: UpdateRecord) -> None:
        """Add a point to each curve of the training."""
        for name, value in dataclasses.asdict(record).items():
            if name != "update":
                self._writer.add_scalar(f"train/{name}", value, record.update)

    def validation(self, record: ValidationRecord) -> None:
        """Add a point to each curve of the validations, and the samples."""
        if record.kind == "validation":
            for name, value in record.values.items():
                self._writer.add_scalar(f"valid/{name}", value, record.update)
        for number, sample in enumerate(record.samples, 1):
            text = f"{sample.source}\n\n{sample.target}\n\n{sample.output}"
            self._writer.add_text(f"sample/{number}", text, record.update)

    def close(self) -> None:
        """Write what is still held."""
        if self._writer is not None:
            self._writer.close()
