"""Records of a training, from `metrics.jsonl`."""

import json
from pathlib import Path
from typing import Any

from nmt.runtime.errors import NmtError

Record = dict[str, Any]
"""A line of `metrics.jsonl`: `kind`, and fields of a record of `nmt.training.loggers.logger`."""


def read(run: Path) -> list[Record]:
    """Read a run's records, except an incomplete last line, which the run may be writing.

    Raises:
        NmtError: if there is no file, or a line is not JSON.
    """
    path = run / "metrics.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise NmtError(
            f"{path} cannot be read: {error.strerror}; expected the folder of a run: run=runs/NAME"
        ) from error
    records = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            raise NmtError(f"{path}:{number} is not JSON: {error}") from error
    return records
