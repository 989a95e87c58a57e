"""Beams of any size: bounded by memory before they start."""

import logging
from dataclasses import replace

import pytest
from helpers.saved_models import LINES, save

from nmt.data.windows import LineWindows
from nmt.inference import search_memory
from nmt.inference.translator import Translator
from nmt.runtime import allocator
from nmt.runtime.errors import ConfigurationError
from nmt.search.beam import Beam
from nmt.search.greedy import Greedy
from nmt.search.length_penalties.none import NoLengthPenalty
from nmt.search.sample import Sample

WINDOWS = LineWindows()


def beam(size):
    return Beam(size, 1, NoLengthPenalty(), 2.0, 10)


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets how much memory there is, in GB."""
    return lambda size: monkeypatch.setattr(allocator, "memory", lambda: int(size * 1e9))


@pytest.mark.parametrize(
    "search", [Greedy(2.0, 10), beam(5), beam(100), Sample(1.0, 0, 1.0, 1, 9, 2.0, 10)]
)
def test_usual_searches_keep_their_batches_on_a_laptop(machine, search, caplog):
    machine(8)
    assert search_memory.fitted(WINDOWS, search, 8000, 2) is WINDOWS
    assert not caplog.messages


def test_a_wide_beam_gets_smaller_batches_with_a_word(machine, caplog):
    machine(16)
    assert search_memory.fitted(WINDOWS, beam(8000), 8000, 1) == replace(WINDOWS, sentences=3)
    assert caplog.messages[0].startswith("search.size=8000: batches have 3 lines instead of 64, to")
    assert "about 8000 times as long" in caplog.messages[0]


@pytest.mark.parametrize("size", [8000, 50_000, 10**6, 10**20])
@pytest.mark.parametrize("name", ["size", "best"])
def test_a_beam_that_fits_in_no_way_is_refused_with_the_largest_that_does(machine, size, name):
    machine(2)
    search = beam(size) if name == "size" else Sample(1.0, 0, 1.0, 1, size, 2.0, 10)
    message = rf"^search\.{name}={size}: the search of a single line needs .* at most (\d+)$"
    with pytest.raises(ConfigurationError, match=message) as caught:
        search_memory.lines_at_once(search, 8000, 1)
    largest = int(str(caught.value).rpartition(" ")[2])
    assert 1000 < largest < size
    assert search_memory.lines_at_once(beam(largest), 8000, 1) == 1
    with pytest.raises(ConfigurationError):
        search_memory.lines_at_once(beam(largest + 1), 8000, 1)


def test_processes_share_the_memory(machine):
    machine(16)
    alone = search_memory.lines_at_once(beam(2000), 8000, 1)
    assert search_memory.lines_at_once(beam(2000), 8000, 4) == alone // 4


def test_a_translator_is_refused_when_it_is_loaded_and_shared(machine, tmp_path, caplog):
    run = save(tmp_path / "run", 46)
    machine(0.01)
    with pytest.raises(ConfigurationError, match=r"^search\.size=100000: "):
        Translator.load(run, search=beam(100_000), device="cpu")
    translator = Translator.load(run, search=beam(1000), device="cpu")
    with pytest.raises(ConfigurationError, match=r"^search\.size=1000: "):
        translator.shared(8, None)
    with caplog.at_level(logging.WARNING):
        assert len(translator.translate(LINES[:2])) == 2
    assert [one for one in caplog.messages if one.startswith("search.size=1000: batches have")]


def test_memory_is_that_of_the_machine_or_of_its_container(monkeypatch, tmp_path):
    machine = allocator.memory()
    assert machine > 1 << 28
    monkeypatch.setattr(allocator, "CGROUP", tmp_path / "memory.max")
    for content, expected in (("max\n", None), ("123456789\n", 123456789), ("", None)):
        (tmp_path / "memory.max").write_text(content)
        assert expected is None or allocator.memory() == expected
        assert allocator.memory() >= (expected or machine)
