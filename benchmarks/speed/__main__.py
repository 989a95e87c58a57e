"""Measures speed: `python -m benchmarks.speed VERB KEY=VALUE ...`; see docs/speed.md.

VERB is one of those in VERBS. `report=FILE` gets all numbers as JSON. Words that a verb does not
know are handed to the commands that it measures, such as model=input_feeding or data=multi30k.
"""

import importlib
import json
import sys
from pathlib import Path

# So that `python benchmarks/speed` runs, too.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.speed import origin
from benchmarks.speed.keys import help_of

VERBS = ("train", "translate", "growth", "cores", "quality")


def main(words: list[str]) -> None:
    """Run a verb, print its table, write its report."""
    if not words or words[0] not in VERBS:
        usage()
    verb = importlib.import_module(f"benchmarks.speed.{words[0]}")
    files = [word.removeprefix("report=") for word in words if word.startswith("report=")]
    rest = [word for word in words[1:] if not word.startswith("report=")]
    before = origin.describe()
    report = {"verb": words[0], **before, **verb.main(rest)}
    print("\n".join(verb.table(report)))  # noqa: T201
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def usage() -> None:
    """Say the verbs and their keys, and end."""
    lines = [str(__doc__), "Keys with their defaults:"]
    for name in VERBS:
        verb = importlib.import_module(f"benchmarks.speed.{name}")
        lines.append(f"  {name}: {help_of(verb.Keys)} report=FILE")
    sys.exit("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
