"""`python -m data.starter_grammar`: writes the committed corpus, or streams any number of pairs.

    python -m data.starter_grammar                                       the files of data/starter
    again
    python -m data.starter_grammar count=5000000 output=folder           train.de, train.en
    python -m data.starter_grammar count=9 output=folder seed=2 alignments=true    and train.align

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


def parsed(words: list[str]) -> dict[str, str]:
    """The words `key=value` of a command line.

    Raises:
        NmtError: a word has no `=`, or an unknown or repeated key.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise NmtError(f"{word} is not key=value; keys are {', '.join(KEYS)}")
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else f"keys are {', '.join(KEYS)}"
            raise NmtError(f"unknown key {key}; {hint}")
        if key in found:
            raise NmtError(f"{key} is given twice: {found[key]} and {value}")
        found[key] = value
    return found


def number(key: str, value: str, least: int) -> int:
    """A whole number.

    Raises:
        NmtError: the value is none, or smaller than `least`.
    """
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise NmtError(f"{key}={value} is not a whole number from {least}")
    return int(value)


def run(words: list[str]) -> None:
    """Writes what the words ask for.

    Raises:
        NmtError: a word is not understood, or a file cannot be written.
    """
    given = parsed(words)
    home = folder("data/starter")
    lexicon = Lexicon(home / "lexicon")
    if "count" not in given:
        stray = [key for key in ("seed", "alignments") if key in given]
        if stray:
            raise NmtError(f"{stray[0]} needs count=, the number of pairs to stream")
        output = Path(given["output"]) if "output" in given else home
        output.mkdir(parents=True, exist_ok=True)
        corpus.write_committed(lexicon, output)
        return
    if "output" not in given:
        raise NmtError("count needs output=, the folder to write train.de and train.en to")
    count = number("count", given["count"], 1)
    seed = number("seed", given["seed"], 0) if "seed" in given else corpus.SEED
    writers = {"true": corpus.write_aligned_stream, "false": corpus.write_stream}
    wanted = given.get("alignments", "false")
    if wanted not in writers:
        raise NmtError(f"alignments={wanted} is neither true nor false")
    output = Path(given["output"])
    output.mkdir(parents=True, exist_ok=True)
    writers[wanted](lexicon, seed, count, output)


def main() -> int:
    """The exit status: 2 after an error that the user can mend, told in one line."""
    try:
        run(sys.argv[1:])
    except (NmtError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
