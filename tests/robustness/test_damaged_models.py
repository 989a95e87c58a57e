"""Model folders with any damage: a model that works, or one line that says why not."""

import shutil
import tempfile
from pathlib import Path

import pytest
import torch
import yaml
from helpers import small_run
from helpers.folders import seal
from helpers.fuzzing import cases
from helpers.model_classes import CLASSES
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.windows import LineWindows
from nmt.evaluation.likelihood import ScoredLine, load_scorer
from nmt.inference.translator import Translator
from nmt.inspection.model_folder import ANY, inspect
from nmt.runtime.errors import NmtError

CPU = torch.device("cpu")
LINES = ["Der Hund läuft hier.", "", "Das Kind sitzt."]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "run"
    small_run.save(folder)
    shutil.rmtree(folder / "training")
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "run"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Language models: a network, and n-grams."""
    root = tmp_path_factory.mktemp("others")
    return [small_run.save_language(root / name, name) for name in ("recurrent", "ngram")]


def damaged(data, fraction, how, bit):
    """Return bytes with damage after a fraction of their length."""
    at = min(int(fraction * len(data)), len(data) - 1) if data else 0
    if how == "cut":
        return data[:at]
    if how == "lost":
        return data[:at] + data[at + 1 + bit :]
    if how == "twice":
        return data[: at + 8 * bit] + data[at:]
    flipped = data[at : at + 1]
    return data[:at] + bytes(byte ^ 1 << bit for byte in flipped) + data[at + 1 :]


def damage(folder, name, fraction, how, bit, sealed):
    path = folder / name
    path.write_bytes(damaged(path.read_bytes(), fraction, how, bit))
    if sealed:
        seal(folder)


def outcome(folder):
    """Return None if a folder translates or scores, else the one line that says why not."""
    try:
        model = inspect(folder, ANY, ())
        if model.kind == "language_model":
            scorer = load_scorer(model, LineWindows(10, 10**6, 10, 1000), CPU)
            results = [str(one) for one in scorer(ScoredLine(line, "") for line in LINES)]
        else:
            results = Translator.load(folder, device="cpu").translate(LINES)
    except NmtError as error:
        return str(error)
    assert len(results) == len(LINES)
    assert not any("\n" in line for line in results)
    return None


FILES = ["SHA256SUMS", "config.yaml", "model.safetensors", "scores.json", "sentencepiece.model"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_damage_at_every_tenth_of_every_file_is_named(copied, name, tenth, how):
    damage(copied, name, tenth / 10, how, 2, sealed=False)
    message = outcome(copied)
    assert "\n" not in message
    file = name if name != "SHA256SUMS" or (how == "cut" and not tenth) else ""
    assert message.startswith(f"{copied}/{file}")
    assert " is not what it was when it was written: it was altered or truncated; copy" in message


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("how", ["cut", "flip"])
def test_damage_under_new_checksums_is_reported_or_harmless(copied, name, tenth, how):
    damage(copied, name, tenth / 10, how, 2, sealed=True)
    message = outcome(copied)
    assert message is None or "\n" not in message
    assert how == "flip" or name == "scores.json" or message is not None


WORDS = ["1.0e+400", "-3", "999999999999", "true", "null", "~", "[]", "{}", "'a'", ".inf", "0", "7"]
TARGETS = [
    "nmt.models.cells.cell.Cell",
    "nmt.models.cells.gru.GRU",
    "nmt.models.cells.zoneout.Zoneout",
    "nmt.models.encoders.encoder.Encoder",
    "nmt.models.attention.dot.DotAttention",
    "nmt.models.bridges.layered.LayeredBridge",
    "nmt.models.decoders.fixed_context.SummarisedContextDecoder",
    "nmt.models.embeddings.OutputLayer",
    "nmt.models.language_models.ngram.NGramLanguageModel",
    "nmt.models.readouts.maxout.MaxoutReadout",
    "nmt.search.beam.Beam",
    "nmt.search.search.Hypothesis",
    "nmt.models.stack.ContextFedStack",
    "torch.nn.Identity",
    "os.system",
]


def nodes(node):
    """Yield all nodes with keys, the outermost first."""
    yield node
    for value in node.values():
        if isinstance(value, dict):
            yield from nodes(value)


def rewrite(folder, node, key, value):
    """Replace a value or class of a configuration, and write new checksums."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    candidates = list(nodes(config))
    chosen = candidates[node % len(candidates)]
    chosen[sorted(chosen)[key % len(chosen)]] = value
    text = yaml.safe_dump(config)
    for word in WORDS:
        text = text.replace(f"'WORD {word}'", word).replace(f"WORD {word}", word)
    (folder / "config.yaml").write_text(text)
    seal(folder)


def exchange(folder, node, number, special):
    """Replace the class of a node by another one of its package, and write new checksums."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    candidates = [
        (key, value)
        for parent in nodes(config)
        for key, value in parent.items()
        if key in CLASSES and isinstance(value, dict)
    ]
    key, chosen = candidates[node % len(candidates)]
    chosen.pop("_partial_", None)
    chosen.update(special, _target_=CLASSES[key][number % len(CLASSES[key])])
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    seal(folder)


FLIPS = st.tuples(
    st.sampled_from(FILES),
    st.floats(0, 1),
    st.sampled_from(["cut", "lost", "twice", "flip", "flip", "flip"]),
    st.integers(0, 7),
    st.sampled_from([False, True, True, True]),
)
VALUES = st.one_of(
    st.sampled_from(WORDS).map("WORD {}".format),
    st.sampled_from(TARGETS),
    st.integers(-3, 40),
    st.sampled_from(TARGETS).map(lambda target: {"_target_": target, "_partial_": True}),
)


def outcome_of_copy(folder, change):
    """Return the outcome of a copy of a folder after a change."""
    with tempfile.TemporaryDirectory() as root:
        copy = Path(shutil.copytree(folder, Path(root) / "run"))
        change(copy)
        return outcome(copy)


@settings(max_examples=cases(40))
@given(which=st.integers(0, 2), flips=st.lists(FLIPS, min_size=1, max_size=3))
def test_any_change_of_bytes_is_one_line_or_harmless(saved, others, which, flips):
    def change(folder):
        for flip in flips:
            damage(folder, *flip)

    message = outcome_of_copy([saved, *others][which], change)
    assert message is None or "\n" not in message


@settings(max_examples=cases(40))
@given(which=st.integers(0, 2), node=st.integers(0, 99), key=st.integers(0, 9), value=VALUES)
def test_any_change_of_a_configuration_is_one_line_or_harmless(
    saved, others, which, node, key, value
):
    message = outcome_of_copy(
        [saved, *others][which], lambda folder: rewrite(folder, node, key, value)
    )
    assert message is None or "\n" not in message


@settings(max_examples=cases(40))
@given(
    which=st.integers(0, 2),
    node=st.integers(0, 99),
    number=st.integers(0, 99),
    special=st.sampled_from([{"_partial_": True}, {"_partial_": False}, {}]),
)
def test_any_class_of_the_same_package_is_one_line_or_harmless(
    saved, others, which, node, number, special
):
    message = outcome_of_copy(
        [saved, *others][which], lambda folder: exchange(folder, node, number, special)
    )
    assert message is None or "\n" not in message
