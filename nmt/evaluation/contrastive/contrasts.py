"""Does a model find a right line more probable than wrong ones?"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from pathlib import Path

from nmt.data.text.invalid_text.invalid_text import InvalidText
from nmt.data.text.streams import read
from nmt.evaluation.contrastive.accuracy import AccuracyCount, ordered
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine
from nmt.runtime.errors import CorpusError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contrast:
    """A right line and wrong ones.

    Attributes:
        right: the line.
        wrongs: the others, of which there is one at least.
        source: what all of them translate; nothing where nobody asks for it.
        group: what it is counted with.
    """

    right: str
    wrongs: tuple[str, ...]
    source: str
    group: str

    def lines(self) -> list[ScoredLine]:
        """Give all lines, the right one first."""
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
        groups: name of a file with a label a line; None puts all into one group.
        invalid_text: what becomes of lines that are not UTF-8.

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
    nothing, all_in_one = [""] * expected, ["all"] * expected
    return [
        Contrast(text, tuple(others), original, group.strip())
        for text, original, group, *others in zip(
            files[right],
            nothing if source is None else files[source],
            all_in_one if groups is None else files[groups],
            *(files[name] for name in wrongs),
            strict=True,
        )
    ]


def counted(
    system: str, judge: LikelihoodScorer, contrasts: Sequence[Contrast]
) -> list[AccuracyCount]:
    """Count where the right line is more probable than each wrong one.

    All pieces and END count. A tie counts as wrong, as the model did not tell the lines apart; how
    often that was is logged.

    Source: Sennrich 2017, for translation models. Linzen, Dupoux and Goldberg 2016 compare the
    two forms of the verb alone, after what stands before it.

    Args:
        system: name of the model.
        judge: the model.
        contrasts: all with as many wrong lines.
    """
    lines, right, ties = Counter[str](), Counter[str](), 0
    questions = (contrast.lines() for contrast in contrasts)
    for contrast, scores in zip(contrasts, compared(judge, questions), strict=True):
        best = max(scores[1:])
        lines[contrast.group] += 1
        right[contrast.group] += scores[0] > best
        ties += scores[0] == best
    if ties:
        logger.warning("%s: %d ties, counted as wrong", system, ties)
    chance = 1 / len(contrasts[0].lines())
    return [
        AccuracyCount(system, group, lines[group], right[group], chance) for group in ordered(lines)
    ]


def compared(
    judge: LikelihoodScorer, questions: Iterable[Sequence[ScoredLine]]
) -> Iterator[list[float]]:
    """Give the log-probabilities of each question's lines, holding a window of the judge's."""
    asked, answered = tee(questions)
    likelihoods = judge(line for lines in asked for line in lines)
    for lines in answered:
        yield [one.log_probability for one in islice(likelihoods, len(lines))]
