"""Several loggers as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.training.loggers.logger import Logger, UpdateRecord, ValidationRecord


@dataclass(frozen=True)
class MultiLogger:
    """Passes each record to each logger, in order."""

    loggers: Sequence[Logger]

    def resume(self, update: int, validated: int) -> None:
        """Resume all loggers."""
        for logger in self.loggers:
            logger.resume(update, validated)

    def log_update(self, record: UpdateRecord) -> None:
        """Log the means over the newest updates."""
        for logger in self.loggers:
            logger.log_update(record)

    def log_validation(self, record: ValidationRecord) -> None:
        """Log a validation."""
        for logger in self.loggers:
            logger.log_validation(record)

    def close(self) -> None:
        """Close all loggers."""
        for logger in self.loggers:
            logger.close()
