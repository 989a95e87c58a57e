"""Perplexity of text under a language model, per piece and per word."""

import math


def perplexity(nats: float) -> float:
    """Return e to the power of nats per piece; infinity if that exceeds a float."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def perplexities(nats: float, pieces: int, words: int) -> dict[str, float]:
    """Return the perplexities per piece and per word of a text with `nats` per piece."""
    return {
        "perplexity": perplexity(nats),
        "word_perplexity": perplexity(nats * pieces / max(1, words)),
    }


def count_words(line: str) -> int:
    """Count the words between white space, and END as one more."""
    return len(line.split()) + 1
