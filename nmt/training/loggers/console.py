"""Metrics on stderr: one live line on a terminal, plain lines elsewhere."""

import logging
import shutil
import sys
import time
from contextlib import suppress

from nmt.training.loggers.logger import UpdateRecord, ValidationRecord

CLEAR = "\r\x1b[K"


class ConsoleLogger:
    """Rewrites one line if stderr is a terminal, else writes a line at intervals.

    Values and samples of validations are written on lines of their own.

    Attributes:
        every_seconds: minimum time between two lines if stderr is not a terminal.
    """

    def __init__(self, every_seconds: float) -> None:
        self.every_seconds = every_seconds
        self._live = False
        self._written = -every_seconds
        self._clearer = _LineClearer(self)

    def resume(self, update: int, validated: int) -> None:
        """Make messages of this package clear the live line from now on."""
        logging.getLogger("nmt").addHandler(self._clearer)

    def log_update(self, record: UpdateRecord) -> None:
        """Show the newest metrics."""
        line = format_update(record)
        stream = sys.stderr
        if stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            _write(CLEAR + line[:width])
            self._live = True
        elif time.monotonic() - self._written >= self.every_seconds:
            _write(line + "\n")
            self._written = time.monotonic()

    def log_validation(self, record: ValidationRecord) -> None:
        """Write values and samples."""
        self.clear()
        _write(format_validation(record) + "\n")

    def close(self) -> None:
        """Clear the live line."""
        self.clear()
        logging.getLogger("nmt").removeHandler(self._clearer)

    def clear(self) -> None:
        """Clear the live line, if there is one, so that other text can be written."""
        if self._live:
            _write(CLEAR)
            self._live = False


def _write(text: str) -> None:
    """Write to stderr; a full disk or a closed pipe there must not end a training."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


class _LineClearer(logging.Handler):
    """A handler that runs before those of the root logger, which write the messages."""

    def __init__(self, console: ConsoleLogger) -> None:
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Clear the live line before the message is written."""
        self.console.clear()


def format_update(record: UpdateRecord) -> str:
    """Format the metrics of the newest updates as one line, the most important first."""
    source = f" {record.source_pieces_per_second:.0f} source" if record.source_pieces else ""
    target = " target" if source else ""
    return (
        f"{record.progress:4.0%}  {format_duration(record.seconds_left)} left"
        f"  epoch {record.epoch}  update {record.update}"
        f"  loss {record.loss:.3f}  perplexity {record.perplexity:.4g}"
        f"  pieces/s{source} {record.target_pieces_per_second:.0f}{target}"
        f"  norm {record.gradient_norm:.2f}  rate {record.learning_rate:.2e}"
    )


def format_validation(record: ValidationRecord) -> str:
    """Format a validation as one line, and each sample as three."""
    values = "  ".join(f"{name} {value:.4g}" for name, value in record.values.items())
    best = "  (best so far)" if record.best else ""
    lines = [f"{record.kind} after update {record.update}: {values}{best}"]
    for sample in record.samples:
        lines.append(f"  source  {sample.source}")
        lines.append(f"  target  {sample.target}")
        lines.append(f"  output  {sample.output}")
    return "\n".join(lines)


def format_duration(seconds: float) -> str:
    """Format a duration as `1:02:03` or `2:03`; as `-` if it is unknown."""
    if not 0 <= seconds < 10**7:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
