import logging

import pytest


@pytest.fixture(autouse=True)
def log_as_before():
    """Commands let the root logger write to the stderr of their test, which is closed after it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
