"""The sets of the corpus: which sentence belongs to which, and how their files are written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from data.starter_grammar.agreement import FARTHEST, Agreement, Contrast
from data.starter_grammar.grammar import Grammar
from data.starter_grammar.lexicon import Lexicon
from data.starter_grammar.sentences import Sentence
from data.starter_grammar.tokens import Token, alignment, text

# The checksum of an English line determines its set. A German line has only one translation, so it
# always belongs to the same set: the sets share no line of either language, however many pairs are
# generated, with whichever seeds.
SHARES = 40
VALID, TEST, CONTRASTS = range(3)
SEED, LONGEST = 1, 24
SIZES = {"train": 20_000, "valid": 1_000, "test": 1_000, "test_long": 500, "test_agreement": 1_000}
DEEPER = (3, 3, 4)


class Pair(NamedTuple):
    """Two lines, and the tree that they linearise."""

    source: str
    target: str
    sentence: Sentence

    def alignment(self) -> str:
        """Return the word alignment in Pharaoh format."""
        return alignment(*linearised(self.sentence))


def linearised(sentence: Sentence) -> tuple[list[Token], list[Token]]:
    """Return the German and the English tokens of a tree."""
    source: list[Token] = []
    target: list[Token] = []
    sentence.german(source)
    sentence.english(target)
    return source, target


def pair_of(sentence: Sentence) -> Pair:
    """Return both lines of a tree."""
    source, target = linearised(sentence)
    return Pair(text(source, sentence.mark), text(target, sentence.mark), sentence)


def share(target: str) -> int:
    """Return the share that an English line belongs to: VALID, TEST, CONTRASTS, or more."""
    return zlib.crc32(target.encode()) % SHARES


def pairs_of(grammar: Grammar) -> Iterator[Pair]:
    """Yield pairs of all shares without end, at most LONGEST words long; some repeat."""
    while True:
        pair = pair_of(grammar.sentence())
        if pair.source.count(" ") < LONGEST:
            yield pair


def stream(lexicon: Lexicon, seed: int) -> Iterator[Pair]:
    """Yield training pairs without end; some repeat, but none is a held-out pair."""
    return (pair for pair in pairs_of(Grammar(lexicon, seed)) if share(pair.target) > CONTRASTS)


def splits(lexicon: Lexicon) -> dict[str, list[Pair]]:
    """Return the committed training, validation and test pairs, each German line once."""
    result: dict[str, list[Pair]] = {"train": [], "valid": [], "test": []}
    seen: set[str] = set()
    for pair in pairs_of(Grammar(lexicon, SEED)):
        name = {VALID: "valid", TEST: "test"}.get(share(pair.target), "train")
        full = len(result[name]) == SIZES[name]
        if full or share(pair.target) == CONTRASTS or pair.source in seen:
            if all(len(pairs) == SIZES[each] for each, pairs in result.items()):
                break
            continue
        seen.add(pair.source)
        result[name].append(pair)
    return result


def long_pairs(lexicon: Lexicon) -> list[Pair]:
    """Return statements with clauses nested three and four deep, unlike any in training."""
    grammar = Grammar(lexicon, SEED)
    result: dict[str, Pair] = {}
    while len(result) < SIZES["test_long"]:
        pair = pair_of(grammar.statement(grammar.random.pick(DEEPER)))
        result.setdefault(pair.source, pair)
    return list(result.values())


def contrasts(lexicon: Lexicon) -> list[Contrast]:
    """Return as many contrasts for each distance, each line once, none of the training share."""
    agreement = Agreement(Grammar(lexicon, SEED))
    each = SIZES["test_agreement"] // (FARTHEST + 1)
    result: dict[str, Contrast] = {}
    for distance in range(FARTHEST + 1):
        for contrast in agreement.contrasts(distance):
            if share(contrast.target) == CONTRASTS:
                result.setdefault(contrast.source, contrast)
            if len(result) == each * (distance + 1):
                break
    return list(result.values())


def write(path: Path, lines: Iterator[str]) -> None:
    """Write lines in UTF-8, with Unix line ends on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def write_committed(lexicon: Lexicon, folder: Path) -> None:
    """Write all files of the starter corpus."""
    sets = {**splits(lexicon), "test_long": long_pairs(lexicon)}
    for name, pairs in sets.items():
        write(folder / f"{name}.de", (pair.source for pair in pairs))
        write(folder / f"{name}.en", (pair.target for pair in pairs))
    result = contrasts(lexicon)
    write(folder / "test_agreement.de", (contrast.source for contrast in result))
    write(folder / "test_agreement.en", (contrast.target for contrast in result))
    write(folder / "test_agreement.wrong.en", (contrast.wrong for contrast in result))
    write(folder / "test_agreement.distance", (str(contrast.distance) for contrast in result))


def write_stream(lexicon: Lexicon, seed: int, count: int, folder: Path) -> None:
    """Write `train.de` and `train.en`, pair by pair."""
    with (
        (folder / "train.de").open("w", encoding="utf-8", newline="\n") as source,
        (folder / "train.en").open("w", encoding="utf-8", newline="\n") as target,
    ):
        for pair in islice(stream(lexicon, seed), count):
            source.write(pair.source + "\n")
            target.write(pair.target + "\n")


def write_aligned_stream(lexicon: Lexicon, seed: int, count: int, folder: Path) -> None:
    """Write `train.de`, `train.en` and `train.align`, pair by pair."""
    with (
        (folder / "train.de").open("w", encoding="utf-8", newline="\n") as source,
        (folder / "train.en").open("w", encoding="utf-8", newline="\n") as target,
        (folder / "train.align").open("w", encoding="utf-8", newline="\n") as links,
    ):
        for pair in islice(stream(lexicon, seed), count):
            source.write(pair.source + "\n")
            target.write(pair.target + "\n")
            links.write(pair.alignment() + "\n")
