"""The parts of private boosting, one by one, against what they should find."""

import numpy as np
import pandas as pd
import pytest

from skmia.defenses._private._boosting._binning import bin_column
from skmia.defenses._private._boosting._columns import (
    NominalBins,
    find_buckets,
    hash_column,
    resolve_kinds,
)
from skmia.defenses._private._boosting._queries import UNIT, Noise, Sensitivity
from skmia.defenses._private._boosting._ranges import GRID, find_ranges
from skmia.defenses._private._boosting._recalibration import fit_slope
from skmia.defenses._private._boosting._rounds import Residuals
from skmia.defenses._private._noise import NoiseSource


def _noise(scale, seed=0):
    return Noise(scale, NoiseSource(np.random.RandomState(seed)))


def _ones(n):
    return np.full(n, float(UNIT))


@pytest.mark.parametrize("clip", [0.5, 1.0])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_no_residual_is_longer_than_its_weight_allows(n_classes, clip):
    """The bound holds of whole numbers, without a tolerance."""
    random = np.random.default_rng(n_classes)
    n, n_scores = 20_000, 1 if n_classes == 2 else n_classes
    y = random.integers(n_classes, size=n)
    weights = np.floor(random.random(n) * UNIT)
    spread = random.choice([10, 1000, 100_000], n)
    scores = np.rint(random.normal(size=(n_scores, n)) * spread).astype(np.int64)
    left = Residuals(y, weights, n_scores, clip).at(scores)
    assert (left == np.rint(left)).all()
    squares = sum(int(x) ** 2 for x in left[:, 0])
    assert squares <= (clip * weights[0]) ** 2
    assert ((left**2).sum(axis=0) <= (clip * weights) ** 2).all()
    # Where nothing is clipped, it is the gradient of the log-loss.
    gentle = Residuals(y, _ones(n), n_scores, 2.0).at(scores // spread)
    z = scores // spread / 1024
    p = 1 / (1 + np.exp(-z)) if n_scores == 1 else np.exp(z) / np.exp(z).sum(axis=0)
    truth = (y == 1) - p if n_scores == 1 else (y == np.arange(n_classes)[:, None]) - p
    np.testing.assert_allclose(gentle / UNIT, truth.reshape(gentle.shape), atol=3e-6)


@pytest.mark.parametrize("n", [7, 8, 9, 63, 64, 65])
def test_a_residual_does_not_depend_on_where_the_row_stands(n):
    random = np.random.default_rng(0)
    scores = random.integers(-3000, 3000, (5, 200))
    y = random.integers(5, size=200)
    every = Residuals(y, _ones(200), 5, 0.7).at(scores)
    some = Residuals(y[:n], _ones(n), 5, 0.7).at(np.ascontiguousarray(scores[:, :n]))
    np.testing.assert_array_equal(every[:, :n], some)


def test_sensitivity_of_neighbours():
    assert Sensitivity.of("add_remove", 3) == Sensitivity(3, 3)
    assert Sensitivity.of("replace", 1).counts == pytest.approx(np.sqrt(2))
    assert Sensitivity.of("replace", 2).sums == 4


def test_noise_has_its_scale():
    draws = _noise(3.0).add(np.full(20_000, 5.0 * UNIT))
    assert draws.mean() == pytest.approx(5, abs=4 * 3 / np.sqrt(20_000))
    assert draws.std() == pytest.approx(3, rel=0.03)


@pytest.mark.parametrize("alone", [5.0, 1e4])
def test_ranges_cover_nearly_all_values(alone):
    random = np.random.default_rng(0)
    columns = [
        random.uniform(0, 16, 2000),
        random.uniform(2, 12, 2000),
        -random.uniform(1, 16, 2000),
    ]
    least, greatest = find_ranges(
        columns, _ones(2000), 2000.0, _noise(alone), _noise(5.0)
    )
    assert (least < greatest).all()
    for low, high, column in zip(least, greatest, columns, strict=True):
        assert {low, high} <= set(GRID.tolist())
        assert ((column >= low) & (column <= high)).mean() > 0.9
    assert (len(set(least)) == 1) == (alone == 1e4)


def test_ranges_of_noise_are_ranges():
    """No rows to speak of, or all of them beyond the grid, or missing."""
    for column in (np.full(50, np.nan), np.full(50, 1e300), np.full(50, -np.inf)):
        least, greatest = find_ranges(
            [column], _ones(50), 50.0, _noise(0.1), _noise(0.1)
        )
        assert np.isfinite([least, greatest]).all()
        assert least[0] < greatest[0]


def test_bins_hold_about_as_many_rows_each():
    random = np.random.default_rng(0)
    values = np.where(random.random(9000) < 0.5, 0.0, random.lognormal(3, 2, 9000))
    values[:900] = np.nan
    binned = bin_column(
        values, "continuous", (0.0, 4096.0), _ones(9000), 9000.0, 16, _noise(5.0)
    )
    counts = np.bincount(binned.bins.find(values), minlength=binned.bins.n_bins)
    # Twice the noise of ninety cells.
    np.testing.assert_allclose(binned.weights, counts, atol=100)
    assert counts[-1] == 900
    # More than half of the rows are near zero, and in one bin; the others share what
    # is left.
    assert 4050 < counts[0] < 5000
    assert len(counts) > 12
    assert np.sort(counts[:-1])[-2] < 900


def test_buckets_with_rows_have_bins_of_their_own():
    values = pd.Series(["a"] * 500 + ["b"] * 300 + ["c"] * 3 + [None] * 50)
    binned = bin_column(
        values, "nominal", (np.nan, np.nan), _ones(853), 853.0, 16, _noise(4.0)
    )
    found = binned.bins.find(values)
    assert len(set(found[[0, 500, 800, 803]])) == 4
    np.testing.assert_allclose(binned.weights[found[[0, 500]]], [500, 300], atol=20)
    assert binned.weights[found[803]] == pytest.approx(50, abs=20)


def test_hashes_are_spread_over_the_buckets():
    """The bits of small whole numbers end in zeros."""
    for values in (np.arange(200.0), np.arange(200), [f"x{i}" for i in range(200)]):
        hashes, _ = hash_column(pd.Series(values))
        assert len(set(find_buckets(hashes, 4096).tolist())) > 185


def test_listed_categories_are_found():
    bins = NominalBins.listed(["x", "y", 3])
    values = np.array(["y", 3, "x", "z", None, 3.0], dtype=object)
    assert bins.find(values).tolist() == [1, 2, 0, 3, 4, 2]


def test_the_values_of_columns_do_not_decide_on_their_kinds():
    frame = pd.DataFrame({"a": pd.Series([1, 2], dtype=object), "b": [1.0, 2.0]})
    assert resolve_kinds(frame, None, []) == ["nominal", "continuous"]
    array = np.array([["x", "y"]], dtype=object)
    assert resolve_kinds(array, None, []) == ["continuous", "continuous"]
    assert resolve_kinds(np.array([["x"]]), None, []) == ["nominal"]
    assert resolve_kinds(np.array([[True]]), None, []) == [(False, True)]


def test_slope_and_intercept_are_found():
    random = np.random.default_rng(0)
    truth = random.normal(0, 1.5, 40_000)
    y = (random.random(40_000) < 1 / (1 + np.exp(-truth))).astype(int)
    slope, offset = fit_slope((truth - 0.4) / 1.6, y, _ones(40_000), _noise(5.0))
    assert slope == pytest.approx(1.6, abs=0.08)
    assert offset == pytest.approx(0.4, abs=0.05)
    slope, offset = fit_slope(truth - 1, y, _ones(40_000), _noise(1e6))
    assert slope == pytest.approx(1, abs=0.1)
    assert offset == pytest.approx(0, abs=0.1)
