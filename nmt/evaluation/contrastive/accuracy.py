"""Accuracies of systems by group, as text and as a CSV file."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.evaluation.aligned_table import align
from nmt.runtime import output_files
from nmt.runtime.errors import NmtError

QUANTILE = 1.959964  # of the normal distribution; 95 % lie between it and its negative
TOTAL = "total"
COLUMNS = ("lines", "right", "accuracy", "chance")


@dataclass(frozen=True)
class AccuracyCount:
    """How often a system was right in one group.

    Attributes:
        system: name of the system.
        group: label of the lines.
        lines: number of lines, at least 1.
        right: number of lines in which the system was right.
        chance: accuracy of a random choice, from 0 to 1.
    """

    system: str
    group: str
    lines: int
    right: int
    chance: float

    @property
    def share(self) -> float:
        """The accuracy, from 0 to 1."""
        return self.right / self.lines

    def interval(self) -> tuple[float, float]:
        """Compute bounds of the true accuracy with a confidence of 95 %.

        `(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`, which stays within 0 and 1.

        Source: Wilson 1927.
        """
        spread = QUANTILE**2 / self.lines
        center = self.share + spread / 2
        variance = self.share * (1 - self.share) / self.lines + spread / (4 * self.lines)
        half = QUANTILE * math.sqrt(variance)
        low, high = (center - half) / (1 + spread), (center + half) / (1 + spread)
        # At shares of 0 and 1 a bound is the share itself, but for rounding.
        return max(0.0, min(low, self.share)), min(1.0, max(high, self.share))


@dataclass(frozen=True)
class AccuracyTable:
    """Accuracies of systems in groups.

    Attributes:
        systems: head of the systems' column, as `run`.
        groups: head of the groups' column, as `nouns between`.
        counts: in the order of the table.
    """

    systems: str
    groups: str
    counts: Sequence[AccuracyCount]

    def text(self) -> str:
        """Return a table with a row for each group and for all, and a column for each system."""
        systems = list(dict.fromkeys(count.system for count in self.counts))
        groups = list(dict.fromkeys(count.group for count in self.counts))
        rows = [[self.groups, "lines", *systems]]
        for group, chosen in [*((group, [group]) for group in groups), (TOTAL, groups)]:
            totals = [self._total(system, chosen) for system in systems]
            rows.append(
                [group, str(totals[0][1]), *(f"{right / lines:.3f}" for right, lines in totals)]
            )
        return "\n".join(align(rows)) + "\n"

    def _total(self, system: str, groups: Sequence[str]) -> tuple[int, int]:
        chosen = [
            count for count in self.counts if count.system == system and count.group in groups
        ]
        return sum(count.right for count in chosen), sum(count.lines for count in chosen)

    def write(self, path: Path, more: Sequence[str], values: Iterable[Sequence[object]]) -> None:
        """Write a CSV file with a row for each count.

        Args:
            path: replaced if it exists.
            more: names of further columns.
            values: of these columns, for each count.

        Raises:
            NmtError: if it cannot be written.
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([self.systems, self.groups, *COLUMNS, *more])
        for count, further in zip(self.counts, values, strict=True):
            numbers = [count.lines, count.right, f"{count.share:.6g}", f"{count.chance:.6g}"]
            writer.writerow([count.system, count.group, *numbers, *further])
        output_files.write(path, file.getvalue().encode())


def read(path: Path) -> AccuracyTable:
    """Read what `AccuracyTable.write` wrote, without further columns.

    Raises:
        NmtError: if the file is missing or not such a table.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        systems, groups, *names = rows[0]
        counts = [
            _count(row[0], row[1], dict(zip(names, row[2:], strict=True))) for row in rows[1:]
        ]
    except OSError as error:
        raise NmtError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, IndexError, csv.Error) as error:
        raise NmtError(
            f"{path} is not a table of accuracies ({error!r}); expected what `python -m"
            " nmt.contrast output=a.csv` writes"
        ) from error
    if not counts:
        raise NmtError(f"{path} has no line below its head; expected at least one")
    return AccuracyTable(systems, groups, counts)


def _count(system: str, group: str, values: dict[str, str]) -> AccuracyCount:
    lines, right, chance = int(values["lines"]), int(values["right"]), float(values["chance"])
    if not 0 <= right <= lines or not lines or not 0 <= chance <= 1:
        raise ValueError(f"{right} right of {lines} lines, chance {chance}")
    return AccuracyCount(system, group, lines, right, chance)


def as_numbers(groups: Iterable[str]) -> list[float] | None:
    """Return the groups as finite numbers; None if one of them is not a number."""
    try:
        values = [float(group) for group in groups]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def sort_groups(groups: Iterable[str]) -> list[str]:
    """Return the distinct groups: sorted if they are numbers, or else in their order."""
    distinct = list(dict.fromkeys(groups))
    values = as_numbers(distinct)
    if values is None:
        return distinct
    return [group for _, group in sorted(zip(values, distinct, strict=True))]
