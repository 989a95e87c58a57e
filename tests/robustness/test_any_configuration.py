"""Any arguments and any settings files are accepted, or rejected in one line."""

import io
import sys

import pytest
import torch
import yaml
from helpers.fuzzing import cases
from helpers.saved_models import tokenizers
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from nmt.config.command_line import configuration, run
from nmt.config.instantiate import instantiate
from nmt.evaluation import test_sets
from nmt.inspection.config_values import check
from nmt.runtime.device import set_threads
from nmt.runtime.errors import NmtError
from nmt.training.resumption.exact import Exact
from nmt.training.run import RunFolder

NAMES = ["translate", "score", "evaluate", "rerank", "train", "train_language_model", "prepare"]
VALUES = [
    *["nan", "inf", "-inf", "1e400", "-1", "0", "1.5", "1e-320", "9" * 400, "9" * 5000, "0x10"],
    *["null", "true", "no", "", " ", "\t", "\n", "\0", "'", '"', "\\", "\\'", "=", "a=b", "a,b"],
    *["[", "]", "{", "[" * 40, "{a:" * 40, "[]", "{}", "[[1],2]", "{a:{b:1}}", "[a,", "(", "(a)"],
    *["${x}", "${run}", "${.x}", "${", "${oc.env:NOTHING}", "${folder:..}", "${a${b}}", "???"],
    *[
        "ä",
        "👩‍👩‍👧",
        "\udcff",
        "\u202e",
        "\u2028",
        "<<",
        "&a",
        "*a",
        "!!python/name:os.system",
    ],
    *["beam", "greedy", "../x", "/", "range(1,3)", "choice(a,b)", "glob(*)", "1,2", "x" * 3000],
    *["nmt.search.greedy.Greedy", "nmt", "nmt.", ".", "a..b", "builtins.len", "int", "torch.nn"],
]
PREFIXES = ["", "", "", "", "+", "++", "~"]


def keys(node, prefix=""):
    for key in node:
        yield f"{prefix}{key}"
        child = node._get_node(key)
        if isinstance(child, DictConfig) and not child._is_none() and not child._is_interpolation():
            yield from keys(child, f"{prefix}{key}.")


KEYS = {name: sorted(keys(configuration(name, [], ()))) for name in NAMES}
GROUPS = ["search", "long_lines", "windows", "model", "model/cell", "data", "experiment", "filter"]
VALUE = st.sampled_from(VALUES) | st.text(st.characters(exclude_characters="\0"), max_size=8)
STRANGE = st.text(max_size=8) | st.sampled_from(["", ".", "a b", "model.", "a@b", "_target_"])


@st.composite
def commands(draw):
    """Return a command and arguments, most of them with keys that exist."""
    name = draw(st.sampled_from(NAMES))
    key = st.sampled_from([*KEYS[name], *GROUPS]) | STRANGE
    word = st.tuples(st.sampled_from(PREFIXES), key, st.just("="), VALUE).map("".join)
    words = st.lists(word | word | word | STRANGE | st.just("--help"), min_size=1, max_size=4)
    return name, draw(words)


def small(config):
    """Instantiate nodes of numbers alone, as commands do before they start."""
    if "threads" in config:
        threads = torch.get_num_threads()
        set_threads(config.threads)
        torch.set_num_threads(threads)
    for key in config:
        if isinstance(config[key], DictConfig) and "_target_" in config[key]:
            instantiate(config[key])


def ended(name, words):
    """Run the command, and return its status and stderr."""
    error = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *words])
        patch.setattr(sys, "stderr", error)
        patch.setattr(sys, "stdout", io.StringIO())
        status = run(name, small)
    error.flush()
    return status, error.buffer.getvalue().decode()


@settings(max_examples=cases(12), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands())
def test_any_arguments_are_accepted_or_rejected_in_one_line(command):
    status, error = ended(*command)
    if status == 0:
        assert error == ""
    else:
        assert status == 2
        assert error.startswith("error: ")
        assert len(error.splitlines()) == 1


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(VALUES)
NODES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["size", "best", "x", "_target_", "_args_"]), inner)
    ),
    max_leaves=6,
)
TARGETS = [
    "nmt.search.beam.Beam",
    "nmt.data.windows.LineWindows",
    "nmt.inference.long_lines.split.SplitLongLines",
    "nmt.x.Y",
]


@settings(max_examples=cases(60), deadline=None)
@given(
    st.sampled_from(TARGETS),
    st.dictionaries(
        st.sampled_from(
            [
                "size",
                "lines",
                "max_pieces",
                "sentences",
                "length_penalty",
                "best",
                "_partial_",
                "_convert_",
                "_recursive_",
                "_args_",
                "_mode_",
            ]
        ),
        NODES,
    ),
)
def test_any_values_of_a_class_are_accepted_or_rejected(target, values):
    try:
        instantiate({"_target_": target, **values})
    except (NmtError, OmegaConfBaseException):
        return


YAML = st.sampled_from(
    [
        *[
            "data: ",
            "corpus: ",
            "test: ",
            "\n",
            "\n  ",
            "- ",
            "? ",
            ": ",
            "'",
            '"',
            "|\n",
            "#",
            "---",
        ],
        *[
            "&a ",
            "*a",
            "<<: *a",
            "!!int x",
            "!!timestamp x",
            "!!binary x",
            "!!set ",
            "!x ",
            "%YAML",
        ],
        *[
            "2024-13-45",
            "9" * 5000,
            "1:99",
            "0b",
            "_",
            ".nan",
            "[",
            "{",
            "[" * 2000,
            "\t",
            "\0",
            "\x85",
        ],
        *[
            "!!python/object/apply:os.system [x]",
            "_target_: nmt.data.corpora.monolingual.MonolingualCorpus",
            "paths: ???",
        ],
    ]
)


TOKENIZERS = tokenizers(46)


def resumed(folder):
    with RunFolder.open(str(folder), 2) as opened:
        return opened.resolve({"x": 1}, "1", TOKENIZERS, Exact())


@settings(max_examples=cases(60), deadline=None)
@given(
    st.binary(max_size=60)
    | st.lists(YAML, max_size=12).map(lambda parts: "".join(parts).encode())
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.dictionaries(st.sampled_from(["data", "corpus", "x"]), NODES).map(
        lambda node: yaml.safe_dump(node, allow_unicode=True).encode("utf-8", "surrogatepass")
    )
)
@example(b"corpus: 2024-13-45")
@example(b"corpus: " + b"9" * 5000)
@example(b"corpus: !!timestamp x")
@example(b"[" * 3000)
def test_any_settings_of_a_run_are_read_or_rejected(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "run"
    (folder / "training").mkdir(parents=True, exist_ok=True)
    (folder / "training" / f"state-00000001-{'0' * 16}.pt").write_bytes(b"")
    (folder / "training" / "config.yaml").write_bytes(data)
    for read in (
        lambda: test_sets.from_run(folder, (), "test"),
        lambda: resumed(folder),
    ):
        try:
            read()
        except NmtError:
            continue


@settings(max_examples=cases(60), deadline=None)
@given(NODES)
def test_any_untrusted_configuration_is_accepted_or_rejected(node):
    try:
        check(node, (), "config.yaml")
    except NmtError:
        return
