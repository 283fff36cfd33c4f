"""Near copies are found at the resolution they were made at, and not in coarse data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skmia._tables import find_near_copies, hash_rows, occurs_once


def table(n=2000, n_columns=12, n_again=50, seed=0):
    """Rows, labels, sides and positions: the first members once more at the end."""
    rng = np.random.default_rng(seed)
    X = rng.lognormal(0, 2, (n, n_columns)) * rng.choice([-1, 1], (n, n_columns))
    rows = np.r_[:n, :n_again]
    return X, rng.integers(0, 2, n)[rows], np.arange(len(rows)) < n // 2, rows


def as_digits(n):
    return np.vectorize(lambda value: float(f"{value:.{n}g}"))


EXPORTS = {
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    **{f"{n} decimals": lambda X, n=n: np.round(X, n) for n in (3, 5, 8)},
    **{f"{n} significant digits": as_digits(n) for n in (3, 6, 8)},
}


@pytest.mark.parametrize("name", EXPORTS)
def test_found_at_their_resolution(name):
    X, y, member, _ = table()
    pool = np.vstack([X, EXPORTS[name](X[:50])])
    assert occurs_once(hash_rows(pool, y)).all()
    found = find_near_copies(pool, y, member)
    assert found.resolution == name
    again = ~occurs_once(found.hashes)
    np.testing.assert_array_equal(np.flatnonzero(again), np.r_[:50, 2000:2050])
    assert find_near_copies(X, y[:2000], member[:2000]) is None


def test_noise_in_the_last_digits():
    X, y, member, _ = table(n_columns=5)
    noisy = X[:50] * (1 + 1e-9 * np.random.default_rng(1).normal(size=(50, 5)))
    found = find_near_copies(np.vstack([X, noisy]), y, member)
    assert (~occurs_once(found.hashes)).sum() >= 90


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, sparse.csr_array])
def test_in_other_containers_beside_text(make):
    X, y, member, rows = table()
    X[np.abs(X) < 1] = 0
    pool = make(np.vstack([X, np.round(X[:50], 4)]))
    if make is pd.DataFrame:
        pool["town"] = np.array(list("abc"))[rows % 3]
    if make is pl.DataFrame:
        pool = pool.with_columns(town=pl.Series(np.array(list("abc"))[rows % 3]))
    found = find_near_copies(pool, y, member)
    assert found.resolution == "4 decimals"
    assert (~occurs_once(found.hashes)).sum() == 100


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
@pytest.mark.parametrize("n_columns", [1, 2, 3, 6])
def test_rows_of_coarse_data_are_equal_by_chance(n_columns, decimals):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6000, n_columns)), rng.integers(0, 2, 6000)
    X = np.round(X, decimals)
    once = occurs_once(hash_rows(X, y))
    for n_members in (600, 3000):
        member = rng.permutation(6000) < n_members
        assert find_near_copies(X[once], y[once], member[once]) is None


def test_missing_infinite_and_huge_values():
    X, y, member, _ = table()
    X[::3, 0], X[::5, 1], X[::7, 2] = np.nan, np.inf, 1e300
    found = find_near_copies(np.vstack([X, np.round(X[:50], 5)]), y, member)
    assert found.resolution == "5 decimals"


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, bool])
def test_arrays_of_other_numbers_and_shapes(dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(50, 20, (800, 3, 4)).clip(0, 255).astype(dtype)
    y, member = rng.integers(0, 2, 800), np.arange(800) < 400
    once = occurs_once(hash_rows(X, y))
    assert find_near_copies(X[once], y[once], member[once]) is None


def test_rows_of_text():
    X = np.array([f"document {i}" for i in range(300)], dtype=object)
    assert find_near_copies(X, np.arange(300) % 2, np.arange(300) < 150) is None
