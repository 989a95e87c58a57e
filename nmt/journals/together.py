"""Several journals as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from nmt.journals.journal import Journal, UpdateRecord, ValidationRecord


@dataclass(frozen=True)
class Together:
    """Hands each record to each journal, in order."""

    journals: Sequence[Journal]

    def resume(self, update: int, validated: int) -> None:
        """Begin after this update."""
        for journal in self.journals:
            journal.resume(update, validated)

    def update(self, record: UpdateRecord) -> None:
        """Take in the numbers of the newest updates."""
        for journal in self.journals:
            journal.update(record)

    def validation(self, record: ValidationRecord) -> None:
        """Take in a validation."""
        for journal in self.journals:
            journal.validation(record)

    def close(self) -> None:
        """The training ends or is interrupted."""
        for journal in self.journals:
            journal.close()
