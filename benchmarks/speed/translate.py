"""`translate`: sentences and pieces per second, latency, and the BLEU of each setting."""

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
from benchmarks.speed.sizes import with_reference_sizes
from nmt.data.tokenization.tokenizer import Tokenizers

FIGURE = "sentences_per_second"
STARTER = turns.ROOT / "data" / "starter"


@dataclass(frozen=True)
class Keys:
    """What is measured, and how often.

    Attributes:
        run: folder of a trained model; if it is missing, one of the reference sizes is trained.
        minutes: of that training.
        source: file to translate.
        target: its reference.
        lines: number of lines to translate; 0 for all.
        settings: sets of overrides of `nmt.translate`, separated by `;`, with a row for each.
        rounds: number of turns of each measurement.
        sentences: number that are translated one by one, for the latency; 0 for none.
        threads: of each process; the measurement uses as many cores.
        peer: a command line that translates the same file.
        pattern: of its figures, one for all or one for each of the settings; see `turns.Peer`.
        unit: of its figures, `rate` (sentences per second) or `seconds` (of the whole file).
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
    """The text to translate.

    Attributes:
        source: its file.
        empty: an empty file.
        lines: of the source.
        references: of the lines.
        tokenizers: of the model, to count target pieces.
    """

    source: Path
    empty: Path
    lines: list[str]
    references: list[str]
    tokenizers: Tokenizers


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Measure the whole command `nmt.translate` with each of the settings."""
    keys, overrides = parse(Keys, arguments)
    run = ensure_trained(keys.run, keys.minutes)
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
            results = turns.take(keys.rounds, measured)
    return {
        "threads": keys.threads,
        "run": str(run),
        "overrides": overrides,
        "source": keys.source,
        "lines": len(text.lines),
        "turns": results,
        "medians": {name: turns.medians(some) for name, some in results.items()},
        "details": details,
        "ratios": turns.compare(results, "peer", FIGURE) if keys.peer else {},
    }


def ensure_trained(run: str, minutes: float) -> Path:
    """Return the folder of a model, training one of the reference sizes if it is missing."""
    folder = Path(run)
    if not folder.is_dir() or not any(folder.iterdir()):
        print(f"{run} does not exist; training it for {minutes:g} minutes", file=sys.stderr)  # noqa: T201
        overrides = with_reference_sizes([f"run={run}", f"minutes={minutes}", "epochs=null"])
        turns.run(turns.module("nmt.train", *overrides))
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
    overrides: Sequence[str], text: Text, sentences: int, details: dict[str, Any], name: str
) -> turns.Figures:
    """Run the command on an empty file, then on the text, then line by line."""
    output = text.source.with_name("output")
    command = turns.module("nmt.translate", *overrides, f"output={output}")
    start, whole = turns.start_and_total(command, text.empty, text.source)
    translations = output.read_text(encoding="utf-8").split("\n")[:-1]
    score = sacrebleu.metrics.BLEU()
    bleu = score.corpus_score(translations, [text.references]).score
    details[name] = {"overrides": list(overrides), "signature": str(score.get_signature())}
    pieces = sum(len(ids) + 1 for ids in text.tokenizers.target.encode_lines(translations))
    seconds = whole - start
    return {
        FIGURE: len(text.lines) / seconds,
        "target_pieces_per_second": pieces / seconds,
        "bleu": bleu,
        "start_seconds": start,
        "command_seconds": whole,
        **(_latency(overrides, text.lines[:sentences]) if sentences else {}),
    }


def _latency(overrides: Sequence[str], lines: Sequence[str]) -> turns.Figures:
    """Send lines one by one to a running command; the first five do not count."""
    command = turns.module("nmt.translate", *overrides, "interactive=true")
    durations = []
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=turns.environment(),
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for line in [*lines[:5], *lines]:
            started = time.perf_counter()
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            if not process.stdout.readline():
                sys.exit(f"{command} ended before its input")
            durations.append(1e3 * (time.perf_counter() - started))
        process.stdin.close()
    ordered = sorted(durations[len(lines[:5]) :])
    return {
        "latency_p50_milliseconds": statistics.median(ordered),
        "latency_p95_milliseconds": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
    }


def table(report: dict[str, Any]) -> list[str]:
    """Return the medians as lines."""
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
