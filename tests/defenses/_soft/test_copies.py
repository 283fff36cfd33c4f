"""Copies of rows: they say what the soft labels say."""

import numpy as np
import pytest

from skmia.defenses._soft._copies import drawn_copies, weighted_copies, with_every_class


def labels(n_classes, concentration, n=500, seed=0):
    rng = np.random.RandomState(seed)
    return rng.dirichlet(np.full(n_classes, concentration), size=n)


def table(copies, shape):
    """The weights by row and class."""
    found = np.zeros(shape)
    np.add.at(found, (copies.rows, copies.columns), copies.weights)
    return found


def weigh(target, seed=0, max_copies=10, tol=0.0, equal=False):
    return weighted_copies(
        target,
        np.random.RandomState(seed),
        max_copies=max_copies,
        tol=tol,
        equal=equal,
    )


@pytest.mark.parametrize("equal", [False, True])
def test_few_classes_are_exact(equal):
    target = labels(6, 0.2)
    target[target < 0.01] = 0
    target /= target.sum(axis=1, keepdims=True)
    copies = weigh(target, equal=equal)
    np.testing.assert_allclose(table(copies, target.shape), target, atol=1e-12)
    counts = np.bincount(copies.rows)
    if equal:
        assert len(set(counts)) == 1
    else:
        assert (counts == (target > 0).sum(axis=1)).all()


@pytest.mark.parametrize("max_copies", [1, 3, 10])
@pytest.mark.parametrize("concentration", [0.05, 1.0, 50.0])
def test_many_classes_are_right_on_average(max_copies, concentration):
    target = labels(25, concentration, n=4)
    n_times = 4000
    copies = weigh(np.tile(target, (n_times, 1)), max_copies=max_copies)
    found = table(copies, (4 * n_times, 25))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.count_nonzero(found, axis=1).max() <= max_copies
    found = found.reshape(n_times, 4, 25)
    # Five standard errors; where an entry is never drawn its own size bounds it.
    error = 5 * found.std(axis=0) / np.sqrt(n_times)
    assert (np.abs(found.mean(axis=0) - target) <= error + 2e-4).all()


def test_large_entries_are_kept_as_they_are():
    """A smoothed label of 100 classes: its top stays, and so does what it spread."""
    target = np.full((300, 100), 0.1 / 100)
    target[:, 7] += 0.9
    copies = weigh(target, max_copies=10)
    found = table(copies, target.shape)
    np.testing.assert_allclose(found[:, 7], 0.901)
    assert (np.bincount(copies.rows) == 10).all()
    np.testing.assert_allclose(np.unique(found.round(12)), [0, 0.011, 0.901])


def test_the_smallest_are_left_out():
    target = np.array([[0.9, 0.0996, 0.0003, 0.0001], [0.25, 0.25, 0.25, 0.25]])
    found = table(weigh(target, tol=0.001), target.shape)
    np.testing.assert_allclose(found[0], [0.9 / 0.9996, 0.0996 / 0.9996, 0, 0])
    np.testing.assert_allclose(found[1], 0.25)


@pytest.mark.parametrize("n_draws", [1, 4, 7])
def test_draws_are_proportional(n_draws):
    target = labels(5, 0.5, n=3)
    target[0] = [0, 0.5, 0, 0.5, 0]
    target[1] = [0, 0, 0, 0, 1]
    n_times = 4000
    tiled = np.tile(target, (n_times, 1))
    copies = drawn_copies(tiled, n_draws, np.random.RandomState(0))
    counts = table(copies, tiled.shape)
    # Each count is n p, rounded up or down.
    assert (np.abs(counts - n_draws * tiled) < 1).all()
    assert (counts.sum(axis=1) == n_draws).all()
    assert (counts[tiled == 0] == 0).all()
    mean = counts.reshape(n_times, 3, 5).mean(axis=0) / n_draws
    np.testing.assert_allclose(mean, target, atol=5 * 0.5 / np.sqrt(n_times))


def test_lacking_classes_are_added():
    target = np.array([[0.5, 0.5, 0, 0], [0.9, 0.0999, 0.0001, 0]])
    copies = with_every_class(weigh(target, tol=0.01), target)
    assert sorted(set(copies.columns)) == [0, 1, 2, 3]
    found = table(copies, target.shape)
    np.testing.assert_allclose(found[1, 2], 0.0001)  # in the row that has some of it
    np.testing.assert_allclose(found[:, 3].sum(), 1e-6)
    whole = weigh(target[:, :2] / target[:, :2].sum(axis=1, keepdims=True))
    assert with_every_class(whole, target[:, :2]) is whole
