"""`translate`: sentences and pieces a second, latency, and BLEU beside every speed."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sacrebleu

from benchmarks.speed import turns
from benchmarks.speed.keys import parse
from benchmarks.speed.sizes import completed
from nmt.data.tokenization.tokenizer import Tokenizers

FIGURE = "sentences_per_second"
STARTER = turns.ROOT / "data" / "starter"


@dataclass(frozen=True)
class Keys:
    """What is measured, and how often.

    Attributes:
        run: folder of a trained model; where there is none, one of the reference sizes is trained.
        minutes: for which it is, then.
        source: file that is translated.
        target: its reference.
        lines: of the source that are translated; 0: all.
        settings: overrides of `nmt.translate`, sets of them parted by `;`, a row for each.
        rounds: how often all take turns.
        sentences: of which each is translated alone, for the latency; 0: none.
        threads: of each; they and all processes that it starts share so many cores.
        peer: a command line that translates the same file.
        pattern: where its figures stand, one or one for each of the settings; see `turns.Peer`.
        unit: of its figures, `rate` (sentences a second) or `seconds` (of the whole file).
    """

    run: str = "runs/speed"
    minutes: float = 2.0
    source: str = str(STARTER / "test.de")
    target: str = str(STARTER / "test.en")
    lines: int = 0
    settings: str = "search=greedy;search=beam"
    rounds: int = 3
    sentences: int = 50
    threads: int = 1
    peer: str = ""
    pattern: str = ""
    unit: str = "seconds"


@dataclass(frozen=True)
class Text:
    """What is translated.

    Attributes:
        source: its file.
        empty: a file without a line.
        lines: of the source.
        references: translations by people.
        tokenizers: of the model, whose target pieces are counted.
    """

    source: Path
    empty: Path
    lines: list[str]
    references: list[str]
    tokenizers: Tokenizers


def main(words: Sequence[str]) -> dict[str, Any]:
    """Measure `nmt.translate` under each of the settings, as a whole command."""
    keys, overrides = parse(Keys, words)
    run = trained(keys.run, keys.minutes)
    with tempfile.TemporaryDirectory() as folder:
        text = _text(keys, run, Path(folder))
        common = [f"run={run}", f"threads={keys.threads}", *overrides]
        details: dict[str, Any] = {}
        measured: dict[str, Callable[[], turns.Figures]] = {}
        for setting in keys.settings.split(";"):
            own = [*common, *setting.split()]
            name = setting.strip() or "as configured"
            measured[name] = partial(_measure, own, text, keys.sentences, details, name)
        if keys.peer:
            amount = {"rate": 0.0, "seconds": float(len(text.lines))}[keys.unit]
            measured["peer"] = turns.Peer(keys.peer, keys.pattern, amount)
        with turns.pinned(keys.threads):
            found = turns.take(keys.rounds, measured)
    return {
        "threads": keys.threads,
        "run": str(run),
        "overrides": overrides,
        "source": keys.source,
        "lines": len(text.lines),
        "turns": found,
        "medians": {name: turns.medians(some) for name, some in found.items()},
        "details": details,
        "ratios": turns.compare(found, "peer", FIGURE) if keys.peer else {},
    }


def trained(run: str, minutes: float) -> Path:
    """Give the folder of a model; where it is empty or missing, train one of reference sizes."""
    folder = Path(run)
    if not folder.is_dir() or not any(folder.iterdir()):
        print(f"{run} is not there; training it for {minutes:g} minutes", file=sys.stderr)  # noqa: T201
        told = completed([f"run={run}", f"minutes={minutes}", "epochs=null"])
        turns.run(turns.module("nmt.train", *told))
    return folder


def _text(keys: Keys, run: Path, folder: Path) -> Text:
    sides = [
        Path(name).read_text(encoding="utf-8").split("\n") for name in (keys.source, keys.target)
    ]
    lines, references = (side[:-1][: keys.lines or None] for side in sides)
    if len(lines) != len(references) or not lines:
        sys.exit(f"source has {len(lines)} lines and target {len(references)}; expected as many")
    source, empty = folder / "source", folder / "empty"
    source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    empty.touch()
    return Text(source, empty, lines, references, Tokenizers.load(run))


def _measure(
    words: Sequence[str], text: Text, sentences: int, details: dict[str, Any], name: str
) -> turns.Figures:
    """Run the command with nothing to do, then with the text, then line by line."""
    output = text.source.with_name("output")
    command = turns.module("nmt.translate", *words, f"output={output}")
    start, whole = turns.beside_start(command, text.empty, text.source)
    translations = output.read_text(encoding="utf-8").split("\n")[:-1]
    score = sacrebleu.metrics.BLEU()
    bleu = score.corpus_score(translations, [text.references]).score
    details[name] = {"overrides": list(words), "signature": str(score.get_signature())}
    pieces = sum(len(ids) + 1 for ids in text.tokenizers.target.encode_lines(translations))
    seconds = whole - start
    return {
        FIGURE: len(text.lines) / seconds,
        "target_pieces_per_second": pieces / seconds,
        "bleu": bleu,
        "start_seconds": start,
        "command_seconds": whole,
        **(_latency(words, text.lines[:sentences]) if sentences else {}),
    }


def _latency(words: Sequence[str], lines: Sequence[str]) -> turns.Figures:
    """Ask a running command line after line; the first five answers do not count."""
    command = turns.module("nmt.translate", *words, "interactive=true")
    took = []
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=turns.environment(),
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for line in [*lines[:5], *lines]:
            began = time.perf_counter()
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            if not process.stdout.readline():
                sys.exit(f"{command} ended before its input")
            took.append(1e3 * (time.perf_counter() - began))
        process.stdin.close()
    ordered = sorted(took[len(lines[:5]) :])
    return {
        "latency_p50_milliseconds": statistics.median(ordered),
        "latency_p95_milliseconds": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
    }


def table(report: dict[str, Any]) -> list[str]:
    """Say the medians in lines."""
    lines = [f"{report['lines']} lines of {report['source']} by {report['run']}"]
    for name, row in report["medians"].items():
        if name == "peer":
            rates = ", ".join(f"{rate:,.1f}" for key, rate in row.items() if key.isdigit())
            lines.append(f"peer: {rates} sentences/s")
            continue
        line = (
            f"{name}: {row[FIGURE]:,.1f} sentences/s, {row['target_pieces_per_second']:,.0f} "
            f"target pieces/s, BLEU {row['bleu']:.2f}, start-up {row['start_seconds']:.2f} s"
        )
        if "latency_p50_milliseconds" in row:
            line += (
                f", a sentence alone {row['latency_p50_milliseconds']:.0f} ms (p95 "
                f"{row['latency_p95_milliseconds']:.0f} ms)"
            )
        if name in report["ratios"]:
            line += f"; {report['ratios'][name]:.2f} x the peer (median of the rounds)"
        lines.append(line)
    return lines
