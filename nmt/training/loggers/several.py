"""Several loggers as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.loggers.logger import Logger, UpdateRecord, ValidationRecord


@dataclass(frozen=True)
class MultiLogger:
    """Hands each record to each logger, in order."""

    loggers: Sequence[Logger]

    def resume(self, update: int, validated: int) -> None:
        """Begin after this update."""
        for logger in self.loggers:
            logger.resume(update, validated)

    def update(self, record: UpdateRecord) -> None:
        """Take in the numbers of the newest updates."""
        for logger in self.loggers:
            logger.update(record)

    def validation(self, record: ValidationRecord) -> None:
        """Take in a validation."""
        for logger in self.loggers:
            logger.validation(record)

    def close(self) -> None:
        """The training ends or is interrupted."""
        for logger in self.loggers:
            logger.close()
