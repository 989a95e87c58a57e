"""Text of one language, for language models: each line is both sides of a pair."""

from nmt.data.corpora.corpus import LineBlock
from nmt.data.corpora.line_corpus import LineCorpus
from nmt.data.corpora.plain import ParallelLines


class MonolingualCorpus(LineCorpus):
    """Each line is a sentence, paired with itself, so that it is prepared like parallel text."""

    def block(self, lines: LineBlock) -> ParallelLines:
        """Return the lines as both sides."""
        return ParallelLines(lines, lines)
