"""Perplexity of text under a language model, a piece and a word."""

import math


def perplexity(nats: float) -> float:
    """Give e to the nats a piece; infinite where that is more than a float can hold."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def perplexities(nats: float, pieces: int, words: int) -> dict[str, float]:
    """Give the perplexity a piece and a word of text that has `nats` a piece."""
    return {
        "perplexity": perplexity(nats),
        "word_perplexity": perplexity(nats * pieces / max(1, words)),
    }


def count_words(line: str) -> int:
    """Count what stands between white space, and END."""
    return len(line.split()) + 1
