"""The guard of hot paths tells a loop over rows from an array operation."""

import numpy as np
import pytest

from _helpers.speed import times_of

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).standard_normal((20_000, 10))


def sums():
    return X.sum(axis=1)


def test_equal_work_has_a_ratio_of_about_one():
    assert 0.5 < times_of(sums, sums) < 2


def test_twice_the_work_has_about_twice_the_time():
    assert 1.2 < times_of(lambda: (sums(), sums()), sums) < 4


def test_a_loop_over_rows_is_found():
    def loop():
        return [row.sum() for row in X]

    np.testing.assert_allclose(loop(), sums())
    # More than three times the highest ratio of an array operation to one like it.
    assert times_of(loop, sums, n_runs=3) > 30
