"""How often a model predicts the repeated word."""

from collections import Counter
from collections.abc import Sequence

from benchmarks.recall.stories import THINGS, Story
from nmt.evaluation.contrastive.accuracy import AccuracyCount
from nmt.evaluation.contrastive.contrasts import score_groups
from nmt.evaluation.likelihood import LikelihoodScorer, ScoredLine


def count_correct(
    system: str, scorer: LikelihoodScorer, stories: Sequence[Story]
) -> list[AccuracyCount]:
    """Count the stories in which the line with the right answer is the most probable.

    The lines of a story differ in the answer only. Of equally probable lines the first in the order
    of THINGS is chosen, so a constant answer is right as often as chance if each answer is equally
    frequent.

    Args:
        system: name of the model.
        scorer: of the model.
        stories: at least one for each number of clauses.

    Returns:
        One count for each number of clauses, in ascending order.
    """
    lines, right = Counter[int](), Counter[int]()
    questions = [[ScoredLine(story.line(thing), "") for thing in THINGS] for story in stories]
    for story, scores in zip(stories, score_groups(scorer, questions), strict=True):
        lines[len(story.clauses)] += 1
        right[len(story.clauses)] += scores.index(max(scores)) == story.thing
    return [
        AccuracyCount(system, str(clauses), lines[clauses], right[clauses], 1 / len(THINGS))
        for clauses in sorted(lines)
    ]
