"""`metrics.jsonl`: a line for each record, for programs to read."""

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

from nmt.journals.journal import UpdateRecord, ValidationRecord


class Metrics:
    """Appends JSON objects whose `kind` is `update`, `validation` or `average`.

    Keys are the fields of the records; a validation's values stand beside them under their own
    names. Numbers that are not finite are null. No update stands twice: on resumption all lines
    after the checkpoint's update go, and so does a torn last line.

    Attributes:
        path: the file; its folder is made if it is missing.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def resume(self, update: int) -> None:
        """Cut what stands in the file of later updates, and averages, which end a training."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        beside = self.path.with_name(self.path.name + ".part")
        with beside.open("wb") as file:
            file.writelines(line for line in lines if _stays(line, update))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def update(self, record: UpdateRecord) -> None:
        """Append a line of kind `update`."""
        self._append({"kind": "update", **dataclasses.asdict(record)})

    def validation(self, record: ValidationRecord) -> None:
        """Append a line of the record's kind, without samples."""
        fields = dataclasses.asdict(record)
        del fields["samples"]
        values = fields.pop("values")
        self._append({**fields, **values})

    def close(self) -> None:
        """Nothing is held open between lines."""

    def _append(self, fields: dict[str, Any]) -> None:
        finite = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in fields.items()
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finite, ensure_ascii=False) + "\n")


def _stays(line: bytes, update: int) -> bool:
    try:
        record = json.loads(line)
        return bool(record["update"] <= update and record["kind"] != "average")
    except (ValueError, KeyError, TypeError):
        return False
