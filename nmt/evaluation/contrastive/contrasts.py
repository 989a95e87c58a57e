"""Right lines beside wrong ones, and how often a model finds the right one most probable."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from pathlib import Path

from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.data.text.streams import read
from nmt.evaluation.contrastive.accuracy import AccuracyCount, sort_groups
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine
from nmt.runtime.errors import CorpusError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contrast:
    """A right line and wrong ones.

    Attributes:
        right: the right line.
        wrongs: the wrong lines, at least one.
        source: what all of them translate; empty for language models.
        group: label that it is counted by.
    """

    right: str
    wrongs: tuple[str, ...]
    source: str
    group: str

    def lines(self) -> list[ScoredLine]:
        """Return all lines, the right one first."""
        return [ScoredLine(text, self.source) for text in (self.right, *self.wrongs)]


def read_contrasts(
    right: str,
    wrongs: Sequence[str],
    source: str | None,
    groups: str | None,
    invalid_text: InvalidText,
) -> list[Contrast]:
    """Read the files, line n of each belonging to line n of the others.

    Args:
        right: name of a file.
        wrongs: names of one or more.
        source: name of a file; None if no model needs one.
        groups: name of a file with a label per line; None puts all into one group.
        invalid_text: handles lines that are not UTF-8.

    Raises:
        CorpusError: if one is missing or empty, or the numbers of lines differ.
    """
    names = [right, *wrongs, *(name for name in (source, groups) if name is not None)]
    files = {name: list(read(name, Path(name).suffix, invalid_text)) for name in names}
    expected = len(files[right])
    if not expected:
        raise CorpusError(f"{right} has no line; expected at least one")
    for name, lines in files.items():
        if len(lines) != expected:
            raise CorpusError(
                f"{right} has {expected} lines but {name} has {len(lines)}; line n of one must"
                " belong to line n of the other"
            )
    return [
        Contrast(text, tuple(others), original, group.strip())
        for text, original, group, *others in zip(
            files[right],
            [""] * expected if source is None else files[source],
            ["all"] * expected if groups is None else files[groups],
            *(files[name] for name in wrongs),
            strict=True,
        )
    ]


def count_correct(
    system: str, scorer: LikelihoodScorer, contrasts: Sequence[Contrast]
) -> list[AccuracyCount]:
    """Count by group how often the right line is more probable than each wrong one.

    The log-probabilities are of whole lines, END included. Ties count as wrong, as the model did
    not distinguish the lines, and are logged.

    Source: Sennrich 2017, for translation models. Linzen, Dupoux and Goldberg 2016 compare the
    two forms of the verb alone, after the words before it.

    Args:
        system: name of the model.
        scorer: the model.
        contrasts: at least one, all with as many wrong lines.
    """
    lines, right, ties = Counter[str](), Counter[str](), 0
    groups = (contrast.lines() for contrast in contrasts)
    for contrast, scores in zip(contrasts, score_groups(scorer, groups), strict=True):
        best = max(scores[1:])
        lines[contrast.group] += 1
        right[contrast.group] += scores[0] > best
        ties += scores[0] == best
    if ties:
        log.warning("%s: %d ties, which count as wrong", system, ties)
    chance = 1 / len(contrasts[0].lines())
    return [
        AccuracyCount(system, group, lines[group], right[group], chance)
        for group in sort_groups(lines)
    ]


def score_groups(
    scorer: LikelihoodScorer, groups: Iterable[Sequence[ScoredLine]]
) -> Iterator[list[float]]:
    """Yield the log-probabilities, in nats, of the lines of each group.

    No more than a window of the scorer is held.
    """
    scored, returned = tee(groups)
    likelihoods = scorer(line for lines in scored for line in lines)
    for lines in returned:
        yield [likelihood.log_probability for likelihood in islice(likelihoods, len(lines))]
