"""Measure speed: `python -m benchmarks.speed VERB KEY=VALUE ...`; see docs/speed.md.

VERB is one of VERBS. `report=FILE` receives all numbers as JSON. Keys that a verb does not have are
overrides of the commands that it measures, such as model=input_feeding or data=multi30k.
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

VERBS = ("train", "translate", "growth", "cores", "quality")


def main(arguments: list[str]) -> None:
    """Run a verb, print its table and write its report."""
    if not arguments or arguments[0] not in VERBS:
        usage()
    verb = importlib.import_module(f"benchmarks.speed.{arguments[0]}")
    files = [one.removeprefix("report=") for one in arguments if one.startswith("report=")]
    rest = [one for one in arguments[1:] if not one.startswith("report=")]
    before = origin.describe()
    report = {"verb": arguments[0], **before, **verb.main(rest)}
    print("\n".join(verb.table(report)))  # noqa: T201
    for file in files:
        output_files.write(Path(file), (json.dumps(report, indent=1) + "\n").encode())


def usage() -> None:
    """Exit with the verbs and their keys."""
    lines = [str(__doc__), "Keys with their defaults:"]
    for name in VERBS:
        verb = importlib.import_module(f"benchmarks.speed.{name}")
        lines.append(f"  {name}: {help_of(verb.Keys)} report=FILE")
    sys.exit("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
