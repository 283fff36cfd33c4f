"""Rows that are equal but for a number of their own."""

import numpy as np
import pytest

from skmia._tables import find_near_copies, occurs_once


def numbered(X, seed=0, n_ids=1):
    rng = np.random.default_rng(seed)
    ids = np.column_stack([rng.permutation(10**6)[: len(X)] for _ in range(n_ids)])
    return np.column_stack([ids, X])


def again(X, n=60):
    """The first rows stand on the other side once more."""
    member = np.arange(len(X) + n) < len(X) // 2
    return np.vstack([X, X[:n]]), np.r_[np.arange(len(X)), :n] % 2, member


@pytest.mark.parametrize("n_ids", [1, 2, 4])
def test_found_without_ids(n_ids):
    X, y, member = again(np.random.default_rng(1).normal(size=(400, 3)))
    found = find_near_copies(numbered(X, n_ids=n_ids), y, member)
    assert found.resolution.startswith("all digits without column 0")
    copies = np.flatnonzero(~occurs_once(found.hashes))
    np.testing.assert_array_equal(copies, np.r_[:60, 400:460])
    assert find_near_copies(numbered(X[:400], n_ids=n_ids), y[:400], member[:400]) is (
        None
    )


def test_a_feature_that_is_as_an_id_would_be():
    """Each is left out alone, too."""
    X, y, member = again(numbered(np.zeros((400, 0)), seed=3, n_ids=2))
    found = find_near_copies(numbered(X), y, member)
    assert found.resolution == "all digits without column 0"
    assert (~occurs_once(found.hashes)).sum() == 120


def test_fewer_digits_and_another_id():
    X, y, member = again(np.random.default_rng(1).normal(size=(400, 3)))
    X[400:] = X[400:].astype(np.float32)
    found = find_near_copies(numbered(X), y, member)
    assert found.resolution == "float32 without column 0"
    assert (~occurs_once(found.hashes)).sum() == 120


def test_coarse_rows_that_differ_by_their_id_only():
    """Of 16 different rows nobody can say which are the same record."""
    X, y, member = again(np.random.default_rng(1).integers(0, 2, (400, 3)))
    assert find_near_copies(numbered(X), y, member) is None


def test_rows_that_are_equal_by_chance():
    """In 20 random splits of rows of which a third has a copy but for its id."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        X = rng.integers(0, 9, (300, 3))
        member = rng.permutation(300) < 150
        assert find_near_copies(numbered(X), X[:, 0] % 2, member) is None
