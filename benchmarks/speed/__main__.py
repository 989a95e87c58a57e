"""Measure speed: `python -m benchmarks.speed MEASUREMENT KEY=VALUE ...`; see docs/speed.md.

MEASUREMENT is one of those listed without arguments. `report=FILE` receives all numbers as JSON.
Keys that a measurement does not have are overrides of the commands that it measures, such as
model=input_feeding or data=multi30k.
"""

import importlib
import json
import sys
from pathlib import Path

# For `python benchmarks/speed`.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.speed import origin
from benchmarks.speed.keys import help_of
from nmt.runtime import output_files

MEASUREMENTS = ("train", "translate", "growth", "cores", "quality")


def main(arguments: list[str]) -> None:
    """Run a measurement, print its table and write its report."""
    if not arguments or arguments[0] not in MEASUREMENTS:
        usage()
    measurement = importlib.import_module(f"benchmarks.speed.{arguments[0]}")
    files = [one.removeprefix("report=") for one in arguments if one.startswith("report=")]
    rest = [one for one in arguments[1:] if not one.startswith("report=")]
    before = origin.describe()
    report = {"measurement": arguments[0], **before, **measurement.main(rest)}
    print("\n".join(measurement.table(report)))  # noqa: T201
    for file in files:
        output_files.write(Path(file), (json.dumps(report, indent=1) + "\n").encode())


def usage() -> None:
    """Exit with the measurements and their keys."""
    lines = [str(__doc__), "Keys with their defaults:"]
    for name in MEASUREMENTS:
        measurement = importlib.import_module(f"benchmarks.speed.{name}")
        lines.append(f"  {name}: {help_of(measurement.Keys)} report=FILE")
    sys.exit("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
