"""Hypotheses of searches over arrays and over tensors, compared."""

import pytest


def same(found, expected, tolerance=1e-5):
    assert [[one.ids for one in several] for several in found] == [
        [one.ids for one in several] for several in expected
    ]
    for number in ("log_probability", "score"):
        ours, theirs = (
            [getattr(one, number) for several in all_ for one in several]
            for all_ in (found, expected)
        )
        assert ours == pytest.approx(theirs, abs=tolerance, rel=tolerance)
