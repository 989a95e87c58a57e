"""`python -m data.starter_grammar`: write the committed corpus, or stream any number of pairs.

    python -m data.starter_grammar                                 the files of data/starter
    python -m data.starter_grammar count=5000000 output=folder     train.de, train.en
    python -m data.starter_grammar count=9 output=folder seed=2 alignments=true   and train.align

Streamed pairs may repeat; none of them is in a committed validation or test set.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from data.starter_grammar import corpus
from data.starter_grammar.lexicon import Lexicon
from nmt.runtime.errors import NmtError
from nmt.runtime.package_files import folder

KEYS = ("count", "output", "seed", "alignments")


def parse(words: list[str]) -> dict[str, str]:
    """Parse the arguments `key=value` of a command line.

    Raises:
        NmtError: if an argument has no `=`, or an unknown or repeated key.
    """
    arguments: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise NmtError(f"{word} is not key=value; keys are {', '.join(KEYS)}")
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else f"keys are {', '.join(KEYS)}"
            raise NmtError(f"unknown key {key}; {hint}")
        if key in arguments:
            raise NmtError(f"{key} is given twice: {arguments[key]} and {value}")
        arguments[key] = value
    return arguments


def whole_number(key: str, value: str, least: int) -> int:
    """Parse a whole number.

    Raises:
        NmtError: if the value is none, or less than `least`.
    """
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise NmtError(f"{key}={value} is not a whole number from {least}")
    return int(value)


def run(words: list[str]) -> None:
    """Write the files that the arguments describe.

    Raises:
        NmtError: if an argument is wrong, or a file cannot be written.
    """
    arguments = parse(words)
    home = folder("data/starter")
    lexicon = Lexicon(home / "lexicon")
    if "count" not in arguments:
        stray = [key for key in ("seed", "alignments") if key in arguments]
        if stray:
            raise NmtError(f"{stray[0]} needs count=, the number of pairs to stream")
        output = Path(arguments["output"]) if "output" in arguments else home
        output.mkdir(parents=True, exist_ok=True)
        corpus.write_committed(lexicon, output)
        return
    if "output" not in arguments:
        raise NmtError("count needs output=, the folder to write train.de and train.en to")
    count = whole_number("count", arguments["count"], 1)
    seed = whole_number("seed", arguments["seed"], 0) if "seed" in arguments else corpus.SEED
    writers = {"true": corpus.write_aligned_stream, "false": corpus.write_stream}
    alignments = arguments.get("alignments", "false")
    if alignments not in writers:
        raise NmtError(f"alignments={alignments} is neither true nor false")
    output = Path(arguments["output"])
    output.mkdir(parents=True, exist_ok=True)
    writers[alignments](lexicon, seed, count, output)


def main() -> int:
    """Run the command and return its exit status: 2 after an error, reported in one line."""
    try:
        run(sys.argv[1:])
    except (NmtError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
