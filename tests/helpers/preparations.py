"""Preparations of a corpus of a few lines."""

import numpy as np

from nmt.data.corpora.filters import SkipFilter
from nmt.data.corpora.plain import PlainCorpus
from nmt.data.preparation.preparation import Preparation
from nmt.data.tokenization.training import (
    JointVocabulary,
    UnigramTrainer,
)

RANDOM = np.random.default_rng(3)


WORDS = ["".join(RANDOM.choice(list("abcdefgü"), RANDOM.integers(2, 6))) for _ in range(90)]


LINES = [" ".join(RANDOM.choice(WORDS, RANDOM.integers(2, 9))) for _ in range(90)]


SETTINGS = (90, 1.0, [], False, "nmt_nfkc", 1000, 1)


def write(folder, name, lines):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def corpus(folder, split, source, target):
    return PlainCorpus(write(folder, f"{split}.de", source), [write(folder, f"{split}.en", target)])


def preparation(folder, **changed):
    if "train" not in changed:
        changed["train"] = corpus(folder, "train", LINES, [line.upper() for line in LINES])
    if "valid" not in changed:
        changed["valid"] = corpus(folder, "valid", LINES[:5], LINES[5:10])
    values = {
        "name": "tiny",
        "pair_filter": SkipFilter(200, 50),
        "trainer": UnigramTrainer(*SETTINGS),
        "vocabulary": JointVocabulary(),
    }
    return Preparation(**{**values, **changed})
