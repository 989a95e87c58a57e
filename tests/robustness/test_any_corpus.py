"""Pairs of any bytes are kept, skipped and counted, or rejected in one line."""

import gzip
import re

import pytest
from helpers.any_bytes import BYTES, REJECTED, count
from helpers.fuzzing import cases
from helpers.saved_models import tokenizers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.corpora.filters import SkipFilter, StrictFilter
from nmt.data.corpora.jsonl import JSONLCorpus
from nmt.data.corpora.monolingual import MonolingualCorpus
from nmt.data.corpora.plain import PlainCorpus
from nmt.data.corpora.tsv import TSVCorpus
from nmt.data.preparation.encoding import encode
from nmt.data.preparation.preparation import Preparation
from nmt.data.preparation.shards import Shards
from nmt.data.tokenization.training import (
    BPETrainer,
    JointVocabulary,
    SeparateVocabularies,
    UnigramTrainer,
)
from nmt.evaluation.test_sets import from_corpus, from_files
from nmt.runtime.errors import CorpusError, NmtError

JSON = st.sampled_from(
    [
        *[b'{"source": "Hund", "target": "dog"}', b'{"source": "\\ud800", "target": "\\n"}'],
        *[b'{"source": ', b'"target": ', b"NaN", b"1e999", b"[" * 2000, b"9" * 5000, b"{}", b"\\u"],
    ]
)
PAIRS = st.lists(BYTES | JSON | st.sampled_from([b"\t", b"Hund\tdog\n", b"\n"]), max_size=20)
FILES = PAIRS.map(b"".join)
FILTERS = st.sampled_from([SkipFilter(60, 30), StrictFilter(60, 30)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus")


def write(path, data):
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def one_line(error):
    assert len(str(error).splitlines()) == 1, str(error)


@settings(max_examples=cases(100), deadline=None)
@given(
    FILES,
    FILES,
    st.sampled_from([PlainCorpus, TSVCorpus, JSONLCorpus, MonolingualCorpus]),
    FILTERS,
    st.booleans(),
)
def test_pairs_are_kept_counted_or_rejected(folder, source, target, kind, pair_filter, packed):
    names = [folder / f"a{'.gz' * packed}", folder / f"b{'.gz' * packed}"]
    paths = [write(path, data) for path, data in zip(names, (source, target), strict=True)]
    corpus = PlainCorpus(*paths) if kind is PlainCorpus else kind(paths[:1])
    for shard in folder.glob("*.arrow"):
        shard.unlink()
    try:
        split = encode(corpus, pair_filter, tokenizers(44), folder, "train")
    except CorpusError as error:
        one_line(error)
        assert (
            isinstance(pair_filter, StrictFilter)
            or "lines but" in str(error)
            or "has no pairs" in str(error)
            or REJECTED.search(str(error))
        )
        return
    assert split.read == count(source) == split.kept + sum(split.skipped.values())
    assert kind is not PlainCorpus or count(target) == split.read
    assert len(Shards(folder, "train")) == split.kept


@settings(max_examples=cases(40), deadline=None)
@given(BYTES, BYTES, st.booleans())
def test_a_test_set_is_read_whole_or_rejected(folder, source, target, alone):
    paths = [write(folder / "a.de", source), write(folder / "a.en", target)]
    try:
        test_set = from_files(None if alone else paths[0], paths[1])
        assert len(test_set.target) == count(target)
        assert alone or len(test_set.source) == count(source)
        assert len(from_corpus(MonolingualCorpus(paths[1])).target) == count(target)
    except CorpusError as error:
        one_line(error)
        bad = [data for data in (source, target) if not _utf8(data)]
        assert bad or re.search("has .* lines but", str(error)) or REJECTED.search(str(error))


def _utf8(data):
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False


@settings(max_examples=cases(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    FILES,
    st.sampled_from([UnigramTrainer, BPETrainer]),
    st.sampled_from([JointVocabulary(), SeparateVocabularies()]),
    st.integers(5, 60),
    st.booleans(),
    FILTERS,
)
def test_any_text_is_prepared_or_rejected(
    tmp_path_factory, data, kind, vocabulary, size, byte_fallback, pair_filter
):
    root = tmp_path_factory.mktemp("prepared")
    corpus = MonolingualCorpus(write(root / "a", data))
    size += 256 * byte_fallback
    trainer = kind(size, 0.98, (), byte_fallback, "nmt_nfkc", 100, 1)
    preparation = Preparation("a", corpus, corpus, pair_filter, trainer, vocabulary)
    try:
        prepared = preparation(root)
    except NmtError as error:
        one_line(error)
    else:
        assert len(prepared.train) == prepared.report.splits["train"].kept > 0
