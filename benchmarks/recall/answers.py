"""How often a model names the thing again."""

from collections import Counter
from collections.abc import Sequence

from benchmarks.recall.stories import THINGS, Story
from nmt.evaluation.contrastive.accuracy import AccuracyCount
from nmt.evaluation.contrastive.contrasts import compared
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine


def counted(system: str, judge: LikelihoodScorer, stories: Sequence[Story]) -> list[AccuracyCount]:
    """Count by clauses between where the line with the right thing is the most probable.

    All other words are the same in a story's lines. Of lines that are equally probable the first
    in the order of THINGS is the answer, so that who always says the same is right as often as
    chance has it where each thing is asked for as often.

    Args:
        system: name of the model.
        judge: the model.
        stories: at least one of each number of clauses that is to be counted.
    """
    lines, right = Counter[int](), Counter[int]()
    questions = [[ScoredLine(story.line(thing), "") for thing in THINGS] for story in stories]
    for story, scores in zip(stories, compared(judge, questions), strict=True):
        lines[len(story.clauses)] += 1
        right[len(story.clauses)] += scores.index(max(scores)) == story.thing
    return [
        AccuracyCount(system, str(clauses), lines[clauses], right[clauses], 1 / len(THINGS))
        for clauses in sorted(lines)
    ]
