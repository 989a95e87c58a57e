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

# Each English line belongs to one set for ever, by its checksum. A German line has one translation
# only, so that it belongs to the same set wherever it is drawn: the sets share no line of either
# language, however many pairs are drawn and by whichever seed.
SHARES = 40
VALID, TEST, CONTRASTS = range(3)
SEED, LONGEST = 1, 24
SIZES = {"train": 20_000, "valid": 1_000, "test": 1_000, "test_long": 500, "test_agreement": 1_000}
DEEPER = (3, 3, 4)


class Pair(NamedTuple):
    """Two lines, and the tree that both were made of."""

    source: str
    target: str
    sentence: Sentence

    def alignment(self) -> str:
        """Links in Pharaoh's form."""
        return alignment(*linearised(self.sentence))


def linearised(sentence: Sentence) -> tuple[list[Token], list[Token]]:
    """German and English words of one tree."""
    source: list[Token] = []
    target: list[Token] = []
    sentence.german(source)
    sentence.english(target)
    return source, target


def pair(sentence: Sentence) -> Pair:
    """Both lines of one tree."""
    source, target = linearised(sentence)
    return Pair(text(source, sentence.mark), text(target, sentence.mark), sentence)


def share(target: str) -> int:
    """Which share of all sentences an English line falls into: VALID, TEST, CONTRASTS, or more."""
    return zlib.crc32(target.encode()) % SHARES


def drawn(grammar: Grammar) -> Iterator[Pair]:
    """Endlessly many pairs of all shares, none longer than LONGEST words; they may repeat."""
    while True:
        made = pair(grammar.sentence())
        if made.source.count(" ") < LONGEST:
            yield made


def stream(lexicon: Lexicon, seed: int) -> Iterator[Pair]:
    """Endlessly many training pairs: they may repeat, but never meet a pair held out."""
    return (made for made in drawn(Grammar(lexicon, seed)) if share(made.target) > CONTRASTS)


def splits(lexicon: Lexicon) -> dict[str, list[Pair]]:
    """The committed training, validation and test pairs, without repetition of a German line."""
    found: dict[str, list[Pair]] = {"train": [], "valid": [], "test": []}
    seen: set[str] = set()
    for made in drawn(Grammar(lexicon, SEED)):
        name = {VALID: "valid", TEST: "test"}.get(share(made.target), "train")
        full = len(found[name]) == SIZES[name]
        if full or share(made.target) == CONTRASTS or made.source in seen:
            if all(len(pairs) == SIZES[each] for each, pairs in found.items()):
                break
            continue
        seen.add(made.source)
        found[name].append(made)
    return found


def long_pairs(lexicon: Lexicon) -> list[Pair]:
    """Statements with clauses nested three and four deep, which training never has."""
    grammar = Grammar(lexicon, SEED)
    found: dict[str, Pair] = {}
    while len(found) < SIZES["test_long"]:
        made = pair(grammar.statement(grammar.dice.pick(DEEPER)))
        found.setdefault(made.source, made)
    return list(found.values())


def contrasts(lexicon: Lexicon) -> list[Contrast]:
    """As many for each distance, each line once, none of them of the training share."""
    agreement = Agreement(Grammar(lexicon, SEED))
    each = SIZES["test_agreement"] // (FARTHEST + 1)
    found: dict[str, Contrast] = {}
    for distance in range(FARTHEST + 1):
        for made in agreement.contrasts(distance):
            if share(made.target) == CONTRASTS:
                found.setdefault(made.source, made)
            if len(found) == each * (distance + 1):
                break
    return list(found.values())


def write(path: Path, lines: Iterator[str]) -> None:
    """One line each, UTF-8, ended as on Unix on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def write_committed(lexicon: Lexicon, folder: Path) -> None:
    """All files of the starter corpus."""
    sets = {**splits(lexicon), "test_long": long_pairs(lexicon)}
    for name, pairs in sets.items():
        write(folder / f"{name}.de", (made.source for made in pairs))
        write(folder / f"{name}.en", (made.target for made in pairs))
    found = contrasts(lexicon)
    write(folder / "test_agreement.de", (made.source for made in found))
    write(folder / "test_agreement.en", (made.target for made in found))
    write(folder / "test_agreement.wrong.en", (made.wrong for made in found))
    write(folder / "test_agreement.distance", (str(made.distance) for made in found))


def write_stream(lexicon: Lexicon, seed: int, count: int, folder: Path) -> None:
    """`train.de` and `train.en`, a pair at a time."""
    with (
        (folder / "train.de").open("w", encoding="utf-8", newline="\n") as source,
        (folder / "train.en").open("w", encoding="utf-8", newline="\n") as target,
    ):
        for made in islice(stream(lexicon, seed), count):
            source.write(made.source + "\n")
            target.write(made.target + "\n")


def write_aligned_stream(lexicon: Lexicon, seed: int, count: int, folder: Path) -> None:
    """The same with `train.align` beside."""
    with (
        (folder / "train.de").open("w", encoding="utf-8", newline="\n") as source,
        (folder / "train.en").open("w", encoding="utf-8", newline="\n") as target,
        (folder / "train.align").open("w", encoding="utf-8", newline="\n") as links,
    ):
        for made in islice(stream(lexicon, seed), count):
            source.write(made.source + "\n")
            target.write(made.target + "\n")
            links.write(made.alignment() + "\n")
