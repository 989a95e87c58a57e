"""`metrics.jsonl`: one JSON object per record."""

import dataclasses
import errno
import json
import math
import os
from pathlib import Path
from typing import Any

from nmt.inspection import files
from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError
from nmt.training.loggers.logger import UpdateRecord, ValidationRecord


class JSONLLogger:
    """Appends JSON objects whose `kind` is `update`, `validation` or `average`.

    Keys are the fields of the records; the values of a validation have keys of their own. Numbers
    that are not finite are null. On resumption, lines of updates after the checkpoint and a torn
    last line are removed, so no update occurs twice.

    Attributes:
        path: the file; its folder is created if necessary.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def resume(self, update: int, validated: int) -> None:
        """Remove the lines of later records, and of averages, which are computed once more.

        Raises:
            NmtError: if it cannot be read or written, or is a link or a pipe.
        """
        atomic_files.check_own(self.path)
        try:
            lines = files.read_lines(self.path) if self.path.exists() else []
        except OSError as error:
            raise NmtError(f"{self.path} cannot be read: {error.strerror}") from error
        kept = [line + b"\n" for line in lines if _is_kept(line, update, validated)]
        atomic_files.write(self.path, b"".join(kept))

    def log_update(self, record: UpdateRecord) -> None:
        """Append an object of kind `update`."""
        self._append({"kind": "update", **dataclasses.asdict(record)})

    def log_validation(self, record: ValidationRecord) -> None:
        """Append an object of the record's kind, without samples."""
        fields = dataclasses.asdict(record)
        del fields["samples"]
        values = fields.pop("values")
        self._append({**fields, **values})

    def close(self) -> None:
        """Do nothing: the file is opened for each line."""

    def _append(self, fields: dict[str, Any]) -> None:
        finite = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in fields.items()
        }
        line = (json.dumps(finite, ensure_ascii=False) + "\n").encode()
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | atomic_files.NO_FOLLOW
            with os.fdopen(os.open(self.path, flags, 0o666), "ab", buffering=0) as file:
                before = file.tell()
                if file.write(line) < len(line):  # The disk is full.
                    file.truncate(before)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
        except OSError as error:
            raise NmtError(
                f"{self.path} cannot be written: {error.strerror or error}; it lacks the line of "
                f"update {fields['update']}; free some space, then run the same command again"
            ) from error


def _is_kept(line: bytes, update: int, validated: int) -> bool:
    last = {"update": update, "validation": validated}
    try:
        record = json.loads(line)
        return bool(record["kind"] in last and record["update"] <= last[record["kind"]])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
