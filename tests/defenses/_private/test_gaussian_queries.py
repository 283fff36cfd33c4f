import numpy as np
import pytest

from skmia.defenses._private import _gaussian_queries as queries
from skmia.defenses._private._noise import NoiseSource

GRID = 2.0 ** np.arange(-8, 9)


def seeded(seed=0):
    return NoiseSource(np.random.RandomState(seed))


def test_a_total_has_the_noise_of_its_mu():
    weights = np.full(1000, 0.5)
    found = [queries.noisy_total(weights, 0.1, seeded(s)) for s in range(400)]
    assert abs(np.mean(found) - 500) < 4 * 10 / np.sqrt(400)
    assert 8.5 < np.std(found) < 11.5


def test_a_total_is_never_below_one():
    assert queries.noisy_total(np.zeros(3), 1e-3, seeded(1)) >= 1


def test_class_totals():
    y, weights = np.array([0, 2, 2, 2]), np.array([1.0, 1.0, 0.5, 1.0])
    found = queries.noisy_class_totals(y, 3, weights, 1e4, seeded())
    np.testing.assert_allclose(found, [1, 1, 2.5], atol=1e-2)


@pytest.mark.parametrize("median", [0.3, 1.0, 200.0])
def test_the_median_is_rounded_up_to_the_grid(median):
    values = median * np.linspace(0.5, 1.5, 1001)
    weights = np.ones(1001)
    found = queries.noisy_median(values, weights, GRID, 1001, 100.0, seeded())
    assert found == GRID[np.searchsorted(GRID, median)]


def test_a_median_of_rows_with_weights():
    values, weights = np.array([1.0, 2.0, 8.0]), np.array([0.1, 0.2, 1.0])
    assert queries.noisy_median(values, weights, GRID, 1.3, 1e4, seeded()) == 8


@pytest.mark.parametrize(("value", "found"), [(0.0, GRID[0]), (np.inf, GRID[-1])])
def test_what_is_beyond_the_grid_is_at_its_end(value, found):
    values = np.full(100, value)
    assert queries.noisy_median(values, np.ones(100), GRID, 100, 1e3, seeded()) == found


def test_rows_of_a_person_count_as_one_at_most():
    # A third is no whole number of units, and is rounded downwards.
    for weight, rows in ((1 / 3, 3), (0.1, 10), (1 / 7, 7)):
        assert queries._whole(np.full(rows, weight)).sum() <= 2**20
