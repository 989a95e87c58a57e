"""Noise changes its share of the pairs, in the way of its name, and the same again for a seed."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from helpers.shards import TEXTS, tokenizers, written

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.data.batching import BestSegmentation, BucketedBatches, SampledSegmentation
from nmt.data.special_ids import BEGIN, END, PADDING
from nmt.data.transforms.copied import CopiedLines
from nmt.data.transforms.final_mark import NoFinalMark
from nmt.data.transforms.joined import JoinedSentences
from nmt.data.transforms.letter_case import AllCapitals, LowerCase, TitleCase
from nmt.data.transforms.noise import Noise
from nmt.data.transforms.typos import NEIGHBORS, Typos
from nmt.data.transforms.umlauts import TypedUmlauts
from nmt.runtime.errors import ConfigurationError

PAIR = ("Zwei Männer in Köln gehen über die Straße.", "Two men in Berlin cross the street.")
EVERYDAY = instantiate(configuration("train", ["noise=everyday"], ()).noise)


def changed(transform, source, seed=1):
    pair = (source, "A target.")
    result = transform([pair], 0, np.random.default_rng(seed))
    assert result[1] == "A target."
    return result[0]


@pytest.mark.parametrize(
    ("transform", "before", "after"),
    [
        (LowerCase(1.0), PAIR[0], "zwei männer in köln gehen über die straße."),
        (AllCapitals(1.0), "Über die Straße.", "ÜBER DIE STRASSE."),
        (TitleCase(1.0), "über die Straße, o'zapft is", "Über Die Straße, O'zapft Is"),
        (TypedUmlauts(1.0), "Äpfel, Öl, Übel, Größe", "Aepfel, Oel, Uebel, Groesse"),
        (NoFinalMark(1.0), "Er kam.", "Er kam"),
        (NoFinalMark(1.0), "Wirklich?!  ", "Wirklich"),
        (NoFinalMark(1.0), "Ja …", "Ja"),
        (NoFinalMark(1.0), "Er kam", "Er kam"),
        (NoFinalMark(1.0), "...", "..."),
        (Typos(1.0), "12 — 34!", None),
        (Typos(1.0), "— !", "— !"),
    ],
)
def test_a_transform_of_the_source_changes_nothing_else(transform, before, after):
    result = changed(transform, before)
    assert result == after if after is not None else result != before


def test_a_typo_is_one_edit_of_a_key_beside_left_out_doubled_or_swapped():
    kinds = Counter()
    for seed in range(300):
        result = changed(Typos(1.0), "Straße", seed)
        length = len(result) - len("Straße")
        differing = [
            (one, other) for one, other in zip("Straße", result, strict=False) if one != other
        ]
        if length == 0 and len(differing) == 1:
            ((hit, key),) = differing
            assert key.lower() in NEIGHBORS[hit.lower()] and key.isupper() == hit.isupper()
        if length == 0 and len(differing) == 2:
            assert Counter(result) == Counter("Straße")
        kinds[length, len(differing) if length == 0 else 0] += 1
    assert set(kinds) == {(0, 1), (0, 2), (-1, 0), (1, 0)}
    assert min(kinds.values()) > 20


def test_keys_are_beside_each_other_in_both_directions():
    assert "w" in NEIGHBORS["q"] and "p" not in NEIGHBORS["q"]
    assert all(key in NEIGHBORS[other] for key, others in NEIGHBORS.items() for other in others)


def test_joined_sentences_join_source_and_target_of_the_same_pairs():
    pairs = [(f"s{number}", f"t{number}") for number in range(9)]
    lengths = set()
    for seed in range(50):
        source, target = JoinedSentences(1.0)(pairs, 4, np.random.default_rng(seed))
        assert source.startswith("s4 ")
        assert source.replace("s", "t") == target
        lengths.add(len(source.split()))
    assert lengths == {2, 3}


def test_copied_lines_are_names_that_both_sides_share_numbers_and_addresses():
    pair = ("Anna und Ben fahren nach Wien.", "Anna and Ben go to Vienna.")
    lines = set()
    for seed in range(300):
        source, target = CopiedLines(1.0)([pair], 0, np.random.default_rng(seed))
        assert source == target
        lines.add(source)
    assert {"Anna", "Ben"} <= lines and "Wien" not in lines
    assert any("@" in line for line in lines) and any(line.startswith("www.") for line in lines)
    assert sum(line.isdigit() for line in lines) > 10


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return written(tmp_path_factory.mktemp("shards"))


def ids(ragged):
    return [
        row.tolist() for row in np.split(ragged.compact().values, np.cumsum(ragged.lengths)[:-1])
    ]


@pytest.mark.parametrize("inner", [BestSegmentation(), SampledSegmentation(0.3, 0.3)])
def test_changed_pairs_are_segmented_as_their_text_and_others_as_before(shards, inner):
    noise = Noise({"lower": LowerCase(0.3), "joined": JoinedSentences(0.3)}, 1000)
    rows = np.arange(len(shards))[::-1].copy()
    pairs = [TEXTS[row] for row in rows]
    before = [ids(side) for side in inner(shards, tokenizers(), rows, 5)]
    after = [ids(side) for side in noise.over(inner)(shards, tokenizers(), rows, 5)]
    changes = noise.apply(pairs, np.random.default_rng([5, 1]))
    assert 15 < len(changes) < 50
    for row in range(len(rows)):
        for side, tokenizer in enumerate((tokenizers().source, tokenizers().target)):
            expected = tokenizer.encode(changes[row][side]) if row in changes else before[side][row]
            assert after[side][row] == expected


def test_each_transform_has_its_share_and_an_epoch_chooses_anew():
    pairs = [PAIR] * 20_000
    noise = Noise({"lower": LowerCase(0.1), "typed": TypedUmlauts(0.02)}, 128)
    first = noise.apply(pairs, np.random.default_rng(1))
    kinds = Counter(source for source, _ in first.values())
    shares = sorted(count / len(pairs) for count in kinds.values())
    assert shares == pytest.approx([0.02, 0.1], abs=0.01)
    assert first == noise.apply(pairs, np.random.default_rng(1))
    assert set(first) != set(noise.apply(pairs, np.random.default_rng(2)))


def test_equal_transforms_under_two_names_have_twice_the_share():
    noise = Noise({"one": LowerCase(0.1), "two": LowerCase(0.1)}, 128)
    assert len(noise.apply([PAIR] * 10_000, np.random.default_rng(1))) == pytest.approx(
        2000, abs=200
    )


def test_a_pair_that_would_be_too_long_stays_as_it_is(shards):
    longest = max(len(tokenizers().source.encode(side)) for pair in TEXTS for side in pair)
    rows = np.arange(len(shards))
    for limit, same in ((longest, False), (1, True)):
        noise = Noise({"joined": JoinedSentences(1.0)}, limit)
        sources, targets = noise.over(BestSegmentation())(shards, tokenizers(), rows, 3)
        assert max(*sources.lengths, *targets.lengths) <= longest
        assert (ids(sources) == ids(shards.sources(rows))) is same
        assert len(ids(targets)) == len(rows)


def test_without_rates_the_segmentation_itself_is_used():
    inner = BestSegmentation()
    assert Noise({}, 128).over(inner) is inner
    assert Noise({"lower": LowerCase(0.0)}, 128).over(inner) is inner
    assert instantiate(configuration("train", [], ()).noise).over(inner) is inner


def test_batches_of_noisy_pairs_depend_on_seed_and_epoch_alone(shards):
    def epoch(number, skip=0, ranks=1):
        noisy = EVERYDAY.over(BestSegmentation())
        streams = [
            BucketedBatches(shards, tokenizers(), noisy, 60, 50, 1, rank, ranks).epoch(number, skip)
            for rank in range(ranks)
        ]
        return [
            sorted(
                tuple(id_ for id_ in ids if id_ not in (BEGIN, END, PADDING))
                for batch in batches
                for ids in batch.source.tolist()
            )
            for batches in zip(*streams, strict=True)
        ]

    assert epoch(1) == epoch(1) and epoch(1)[3:] == epoch(1, skip=3)
    assert epoch(1) != epoch(2)
    two = [[row for row in batch if row] for batch in epoch(1, ranks=2)]
    assert two == epoch(1)


@pytest.mark.parametrize("name", EVERYDAY.transforms)
@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_rate_out_of_range_is_refused(name, rate):
    with pytest.raises(ConfigurationError, match=r"noise.rate=.*0 to 1"):
        replace(EVERYDAY.transforms[name], rate=rate)


def test_rates_of_more_than_all_pairs_are_refused():
    with pytest.raises(ConfigurationError, match="rates that sum to at most 1"):
        Noise({"lower": LowerCase(0.6), "upper": AllCapitals(0.5)}, 128)
