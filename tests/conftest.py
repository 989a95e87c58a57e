"""Lanes, processes and random seeds of the tests.

Marks come from folders: tests/unit mirrors the package, tests/commands runs commands,
tests/robustness kills, fills disks, exhausts memory and fuzzes. Plain `pytest` runs the first two,
less the tests that take seconds each, whose mark is slow. Any mark (`pytest -m "slow or
robustness"`), or the path of a module, runs them.

Environment variables: NMT_FUZZ=N multiplies the cases of property tests by N and draws them at
random, NMT_SEED=N repeats such a run, and NMT_KILLS=N is how often a test kills a process.
"""

import logging
import os
import random
import signal
from pathlib import Path

# Before torch is imported: threads that wait for each other stand still for minutes on a machine
# whose cores are taken, and the workers of pytest-xdist take all of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

# A shell starts its background jobs with SIGINT ignored, and the commands under test inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
LANES = ("unit", "commands", "robustness")
FUZZ = "NMT_FUZZ" in os.environ
if FUZZ:  # Workers inherit the variable, and so agree.
    os.environ.setdefault("NMT_SEED", str(random.SystemRandom().randrange(2**32)))

hypothesis.settings.register_profile("default lane", derandomize=True, deadline=None)
hypothesis.settings.register_profile(
    "fuzz",
    derandomize=False,
    deadline=None,
    print_blob=True,
    database=None if "CI" in os.environ else hypothesis.settings.default.database,
)
hypothesis.settings.load_profile("fuzz" if FUZZ else "default lane")


def pytest_configure(config):
    """Seed Hypothesis where cases are random."""
    if FUZZ and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = os.environ["NMT_SEED"]


def pytest_report_header():
    return f"random cases; again with NMT_SEED={os.environ['NMT_SEED']}" if FUZZ else None


def pytest_ignore_collect(collection_path, config):
    """Leave the robustness lane out unless marks or paths on the command line ask for it."""
    if collection_path != TESTS / "robustness" or config.option.markexpr:
        return None
    paths = [Path(arg.partition("::")[0]).absolute() for arg in config.args]
    return None if any(path.is_relative_to(collection_path) for path in paths) else True


def pytest_collection_modifyitems(config, items):
    """Mark tests by their folders, and leave slow ones out unless marks or modules are named."""
    for item in items:
        lane = item.path.relative_to(TESTS).parts[0]
        if lane in LANES:
            item.add_marker(lane)
        if "exported_model" in item.fixturenames:  # Its graphs take many seconds to trace.
            item.add_marker("slow")
    if config.option.markexpr or any(".py" in arg for arg in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def pytest_xdist_auto_num_workers(config):
    """Start no workers, which take seconds, for a file or two of tests."""
    files = [arg.partition("::")[0].endswith(".py") for arg in config.args]
    return (
        0
        if all(files) and len(files) < 3 and "PYTEST_XDIST_AUTO_NUM_WORKERS" not in os.environ
        else None
    )


@pytest.fixture(autouse=True)
def log_as_before():
    """Commands let the root logger write to the stderr of their test, which is closed after it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory):
    """Folder of a small translation model with random weights and 46 pieces; not to be altered."""
    from helpers.saved_models import save

    return save(tmp_path_factory.mktemp("saved") / "model", 46)


@pytest.fixture(scope="session")
def exported_model(saved_model, tmp_path_factory):
    """Folder of `saved_model` as ONNX graphs in float32; not to be altered."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="the extra onnx is not installed")
    from helpers.exported_models import export_model

    return export_model(saved_model, tmp_path_factory.mktemp("exported") / "model")
