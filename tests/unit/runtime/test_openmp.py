import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nmt.runtime import openmp

ROOT = Path(__file__).parents[3]


def test_threads_sleep_soon_where_the_user_chose_nothing():
    environment = {"OMP_NUM_THREADS": "2"}
    openmp.limit_spinning(environment)
    assert environment == {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": openmp.SPIN_COUNT}


@pytest.mark.parametrize("name", openmp.CHOICES)
@pytest.mark.parametrize("value", ["", "0", "ACTIVE", "1000000"])
def test_what_the_user_chose_stays(name, value):
    environment = {name: value}
    openmp.limit_spinning(environment)
    assert environment == {name: value}


def display(code, **given):
    """Return what GNU's OpenMP says about its settings when it is loaded."""
    environment = {key: value for key, value in os.environ.items() if key not in openmp.CHOICES}
    environment |= {"OMP_DISPLAY_ENV": "verbose", "PYTHONPATH": str(ROOT), **given}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


gnu = pytest.mark.skipif(
    not list(Path(torch.__file__).parent.glob("lib/libgomp*")),
    reason="torch brings another OpenMP here",
)


@gnu
@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import nmt.train",  # as by `python -m nmt.train`
        "import nmt.train_language_model",
        "import nmt; nmt.Translator",
        "import nmt; nmt.LanguageModel",
        "import nmt.translate; import torch",
        "import benchmarks.speed.updates",
        "import benchmarks.speed.products",
        "import benchmarks.recall.__main__",
    ],
)
def test_it_is_set_before_torch_loads_openmp(code):
    assert f"GOMP_SPINCOUNT = '{openmp.SPIN_COUNT}'" in display(code)


@gnu
@pytest.mark.slow
def test_openmp_receives_what_the_user_chose():
    assert "GOMP_SPINCOUNT = '77'" in display("import nmt.train", GOMP_SPINCOUNT="77")
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in display("import nmt.train", OMP_WAIT_POLICY="PASSIVE")
