"""One live line on stderr for a person who watches; plain lines where nobody can."""

import logging
import shutil
import sys
import time
from contextlib import suppress

from nmt.training.loggers.logger import UpdateRecord, ValidationRecord

CLEAR = "\r\x1b[K"


class ConsoleLogger:
    """Rewrites one line if stderr is a terminal, else writes a line every so many seconds.

    A validation writes its values and its samples, which stay.

    Attributes:
        every_seconds: between two lines where stderr is no terminal.
    """

    def __init__(self, every_seconds: float) -> None:
        self.every_seconds = every_seconds
        self._live = False
        self._written = -every_seconds
        self._clearing = _Clearing(self)

    def resume(self, update: int, validated: int) -> None:
        """Begin; messages of this program's loggers clear the live line from now on."""
        logging.getLogger("nmt").addHandler(self._clearing)

    def update(self, record: UpdateRecord) -> None:
        """Show the newest numbers."""
        line = describe_update(record)
        stream = sys.stderr
        if stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            _say(CLEAR + line[:width])
            self._live = True
        elif time.monotonic() - self._written >= self.every_seconds:
            _say(line + "\n")
            self._written = time.monotonic()

    def validation(self, record: ValidationRecord) -> None:
        """Show the values and the samples."""
        self.clear()
        _say(describe_validation(record) + "\n")

    def close(self) -> None:
        """Take the live line away."""
        self.clear()
        logging.getLogger("nmt").removeHandler(self._clearing)

    def clear(self) -> None:
        """Take the live line away, if there is one, so that other text can be written."""
        if self._live:
            _say(CLEAR)
            self._live = False


def _say(text: str) -> None:
    """Write to stderr, if it takes it: no training ends because a disk is full, or nobody reads."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


class _Clearing(logging.Handler):
    """Runs before the handlers that write messages, which are the root logger's."""

    def __init__(self, bar: ConsoleLogger) -> None:
        super().__init__()
        self.bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        """Take the live line away for the message that follows."""
        self.bar.clear()


def describe_update(record: UpdateRecord) -> str:
    """Write the numbers of the newest updates as a line; what matters most comes first."""
    return (
        f"{record.progress:4.0%}  {clock(record.seconds_left)} left"
        f"  epoch {record.epoch}  update {record.update}"
        f"  loss {record.loss:.3f}  perplexity {record.perplexity:.4g}"
        f"  pieces/s {record.source_pieces_per_second:.0f} source"
        f" {record.target_pieces_per_second:.0f} target"
        f"  norm {record.gradient_norm:.2f}  rate {record.learning_rate:.2e}"
    )


def describe_validation(record: ValidationRecord) -> str:
    """Write a validation as a line, and three lines for each sample."""
    values = "  ".join(f"{name} {value:.4g}" for name, value in record.values.items())
    best = "  (best so far)" if record.best else ""
    lines = [f"{record.kind} after update {record.update}: {values}{best}"]
    for sample in record.samples:
        lines.append(f"  source  {sample.source}")
        lines.append(f"  target  {sample.target}")
        lines.append(f"  output  {sample.output}")
    return "\n".join(lines)


def clock(seconds: float) -> str:
    """Write a duration as `1:02:03` or `2:03`; `-` where it is not known."""
    if not 0 <= seconds < 10**7:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
