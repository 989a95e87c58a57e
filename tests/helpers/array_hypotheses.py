"""Comparison of hypotheses of searches over arrays and over tensors."""

import pytest


def same(n_bests, expected, tolerance=1e-5):
    """Assert that all n-best lists have the same ids, and scores within a tolerance."""
    assert [[each.ids for each in n_best] for n_best in n_bests] == [
        [each.ids for each in n_best] for n_best in expected
    ]
    for name in ("log_probability", "score"):
        ours, theirs = (
            [getattr(each, name) for n_best in lists for each in n_best]
            for lists in (n_bests, expected)
        )
        assert ours == pytest.approx(theirs, abs=tolerance, rel=tolerance)
