"""Records of a training, from `metrics.jsonl`."""

import math
from pathlib import Path
from typing import Any

from nmt.inspection import files
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
        lines = files.read_lines(path)
    except OSError as error:
        raise NmtError(
            f"{path} cannot be read: {error.strerror}; expected the folder of a run: run=runs/NAME"
        ) from error
    records = []
    for number, line in enumerate(lines[:-1], start=1):
        record = files.parse_json(line, f"{path}:{number}")
        if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
            raise NmtError(f"{path}:{number} is no record of a training; expected a kind")
        records.append(record)
    return records


def value(record: Record, field: str) -> float:
    """Return a number of a record; NaN for null, which is written where it is not finite.

    Raises:
        NmtError: if it is missing, or no number.
    """
    number = record.get(field, "nothing")
    if number is None:
        return math.nan
    if type(number) not in (int, float):
        kind = files.quote(record["kind"])
        message = f"a record of kind {kind} has {field}={files.quote(number)}; expected a number"
        raise NmtError(f"{message}; train again, or remove its line from metrics.jsonl")
    return float(number)
