"""Text of one language, for language models: each line is both sides of a pair."""

from collections.abc import Mapping

from nmt.data.corpora.corpus import Corpus, LineBlock
from nmt.data.corpora.line_corpus import LineCorpus
from nmt.data.corpora.plain import ParallelLines
from nmt.runtime.errors import ConfigurationError


class MonolingualCorpus(LineCorpus):
    """Each line is a sentence, paired with itself, so that it is prepared like parallel text."""

    def block(self, lines: LineBlock) -> ParallelLines:
        """Return the lines as both sides."""
        return ParallelLines(lines, lines)


def check_pairs(corpora: Mapping[str, Corpus]) -> None:
    """Check that corpora, by the names of their splits, hold text and its translation.

    Raises:
        ConfigurationError: if one is text of one language.
    """
    for split, corpus in corpora.items():
        if isinstance(corpus, MonolingualCorpus):
            raise ConfigurationError(
                f"data.{split} is text of one language, but a translation model needs pairs: give"
                " data=files, data=tsv or data=jsonl; `python -m nmt.train_language_model` trains"
                " on such text"
            )
