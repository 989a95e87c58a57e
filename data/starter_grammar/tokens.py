"""Tokens of the linearisers, and how they become a line of text and a word alignment."""

from __future__ import annotations

COMMA = ","


# One word, or a fixed phrase of several, the node of the tree that it represents, and which of the
# node's words it is (its slot). Words of both languages with the same node and slot are
# translations of each other. An empty word lends its node and slot to the word before it: "im"
# represents "in" and "the". A plain tuple, since millions are made a minute.
Token = tuple[str, object, int]
COMMA_TOKEN: Token = (COMMA, None, 0)


def text(tokens: list[Token], mark: str) -> str:
    """Return a capitalised line that ends in `mark`; commas are merged, outer ones dropped."""
    line = " ".join([word for word, _, _ in tokens if word])
    if COMMA in line:
        while " , ," in line:
            line = line.replace(" , ,", " ,")
        line = line.strip(" ,").replace(" ,", ",")
    return line[0].upper() + line[1:] + mark


def spans_of(tokens: list[Token]) -> list[tuple[object, int, int, int]]:
    """Return node, slot, first word and end of the span of words of each token."""
    spans: list[tuple[object, int, int, int]] = []
    begin = end = 0
    for word, node, slot in tokens:
        if word == COMMA:
            continue
        if word:
            begin, end = end, end + word.count(" ") + 1
        if node is not None:
            spans.append((node, slot, begin, end))
    return spans


def alignment(source: list[Token], target: list[Token]) -> str:
    """Return links in Pharaoh format, `source-target`, between words numbered from 0.

    Fixed phrases of equally many words are linked word by word, others each with each.
    """
    spans: dict[tuple[object, int], list[tuple[int, int]]] = {}
    for node, slot, begin, end in spans_of(target):
        spans.setdefault((node, slot), []).append((begin, end))
    links: set[tuple[int, int]] = set()
    for node, slot, begin, end in spans_of(source):
        for first, last in spans.get((node, slot), []):
            if last - first == end - begin:
                links.update(zip(range(begin, end), range(first, last), strict=True))
            else:
                links.update((i, j) for i in range(begin, end) for j in range(first, last))
    return " ".join(f"{i}-{j}" for i, j in sorted(links))
