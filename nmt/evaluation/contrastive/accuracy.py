"""How often one of several systems was right, group by group: a table, as text and as a file."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.evaluation.aligned_table import align
from nmt.runtime import atomic_files
from nmt.runtime.errors import NmtError

QUANTILE = 1.959964  # of the normal distribution, for 95 % between it and its negative
TOTAL = "total"
COLUMNS = ("lines", "right", "accuracy", "chance")


@dataclass(frozen=True)
class AccuracyCount:
    """How often a system was right in one group.

    Attributes:
        system: what answered.
        group: what the lines have in common.
        lines: how many, at least 1.
        right: in how many of them it was right.
        chance: the share of them in which one who knows nothing is right.
    """

    system: str
    group: str
    lines: int
    right: int
    chance: float

    @property
    def share(self) -> float:
        """Give the accuracy, from 0 to 1."""
        return self.right / self.lines

    def interval(self) -> tuple[float, float]:
        """Give bounds that hold the true accuracy with a confidence of 95 %.

        `(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n)`, which stays within 0 and 1.

        Source: Wilson 1927.
        """
        spread = QUANTILE**2 / self.lines
        center = self.share + spread / 2
        variance = self.share * (1 - self.share) / self.lines + spread / (4 * self.lines)
        half = QUANTILE * math.sqrt(variance)
        low, high = (center - half) / (1 + spread), (center + half) / (1 + spread)
        # At shares of 0 and 1 a bound is the share itself, were it not for rounding.
        return max(0.0, min(low, self.share)), min(1.0, max(high, self.share))


@dataclass(frozen=True)
class AccuracyTable:
    """Counts of systems in groups.

    Attributes:
        systems: what the systems are, as `run`.
        groups: what the groups are, as `nouns between`.
        counts: in the order in which they are shown.
    """

    systems: str
    groups: str
    counts: Sequence[AccuracyCount]

    def text(self) -> str:
        """Give a row for each group and one for all, and a column for each system."""
        systems = list(dict.fromkeys(count.system for count in self.counts))
        groups = list(dict.fromkeys(count.group for count in self.counts))
        rows = [[self.groups, "lines", *systems]]
        for group, chosen in [*((group, [group]) for group in groups), (TOTAL, groups)]:
            sums = [self._sum(system, chosen) for system in systems]
            rows.append(
                [group, str(sums[0][1]), *(f"{right / lines:.3f}" for right, lines in sums)]
            )
        return "\n".join(align(rows)) + "\n"

    def _sum(self, system: str, groups: Sequence[str]) -> tuple[int, int]:
        chosen = [one for one in self.counts if one.system == system and one.group in groups]
        return sum(one.right for one in chosen), sum(one.lines for one in chosen)

    def write(self, path: Path, more: Sequence[str], values: Iterable[Sequence[object]]) -> None:
        """Write a file of comma-separated values with a row for each count.

        Args:
            path: replaced when it is there.
            more: names of further columns.
            values: of these, for each count.

        Raises:
            NmtError: if it cannot be written.
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([self.systems, self.groups, *COLUMNS, *more])
        for one, further in zip(self.counts, values, strict=True):
            numbers = [one.lines, one.right, f"{one.share:.6g}", f"{one.chance:.6g}"]
            writer.writerow([one.system, one.group, *numbers, *further])
        atomic_files.write(path, file.getvalue().encode())


def read(path: Path) -> AccuracyTable:
    """Read what `Table.write` wrote; further columns are passed over.

    Raises:
        NmtError: if it is missing or no such file; names it and says what is expected.
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
            f"{path} is no table of accuracies ({error!r}); expected what `python -m nmt.contrast"
            " output=a.csv` writes"
        ) from error
    if not counts:
        raise NmtError(f"{path} has no line below its head; expected at least one")
    return AccuracyTable(systems, groups, counts)


def _count(system: str, group: str, values: dict[str, str]) -> AccuracyCount:
    lines, right, chance = int(values["lines"]), int(values["right"]), float(values["chance"])
    if not 0 <= right <= lines or not lines or not 0 <= chance <= 1:
        raise ValueError(f"{right} right of {lines} lines, chance {chance}")
    return AccuracyCount(system, group, lines, right, chance)


def numbers(groups: Iterable[str]) -> list[float] | None:
    """Give the groups as numbers, or None if one of them is none."""
    try:
        found = [float(group) for group in groups]
    except ValueError:
        return None
    return found if all(map(math.isfinite, found)) else None


def ordered(groups: Iterable[str]) -> list[str]:
    """Give each group once: in the order of numbers, or else as they come."""
    distinct = list(dict.fromkeys(groups))
    values = numbers(distinct)
    if values is None:
        return distinct
    return [group for _, group in sorted(zip(values, distinct, strict=True))]
