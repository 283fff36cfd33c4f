"""The learnt part of StackedAttack, against scikit-learn and brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from skmia.attacks._scores._ranker import MonotoneLogistic, Ranker
from skmia.metrics import roc_auc


@pytest.fixture(scope="module")
def table():
    """Column 0 speaks for membership, 1 against it, 2 is noise; seed 0."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(2000, 3))
    y = X[:, 0] - X[:, 1] + rng.logistic(size=2000) > 0
    return X, y


def compressed(X):
    Z = np.sign(X) * np.log1p(np.abs(X))
    return (Z - Z.mean(axis=0)) / Z.std(axis=0)


def test_without_bounds_it_is_scikit_learns(table):
    X, y = table
    ours = MonotoneLogistic([0, 0, 0]).fit(X, y).log_odds(X)
    Z = compressed(X)
    theirs = LogisticRegression(C=1 / MonotoneLogistic.penalty, tol=1e-8).fit(Z, y)
    assert_allclose(ours, theirs.decision_function(Z), atol=1e-3)


def test_a_bound_holds_and_leaves_the_best_of_the_others(table):
    """What speaks against membership gets weight 0, as if it were not there."""
    X, y = table
    ours = MonotoneLogistic([1, 1, 0]).fit(X, y)
    assert ours._weights[1] == 0
    without = MonotoneLogistic([1, 0]).fit(X[:, [0, 2]], y)
    assert_allclose(ours.log_odds(X), without.log_odds(X[:, [0, 2]]), atol=1e-3)


def test_a_constant_column_and_huge_values(table):
    X, y = table
    X = np.column_stack([X, np.ones(len(X)), 1e300 * X[:, 0]])
    assert np.isfinite(MonotoneLogistic([1, 1, 0, 1, 1]).fit(X, y).log_odds(X)).all()


def test_a_column_that_hardly_varied_says_nothing_elsewhere(table):
    """A spread that was the same for all, but for rounding, and is not any more."""
    X, y = table
    still = 1 + 1e-9 * np.where(y, 1.0, -1.0) * (X[:, 2] > 1)
    linear = MonotoneLogistic([1, 0, 0, 0]).fit(np.column_stack([X, still]), y)
    moved = linear.log_odds(np.column_stack([X, np.full(len(X), 3.0)]))
    most = linear.log_odds(np.column_stack([X, np.full(len(X), still.max())]))
    assert_allclose(moved, most)


def test_the_ranker_is_monotone_and_orders_what_trees_leave_tied(table):
    X, y = table
    ranker = Ranker([1, 1, 0], seed=0).fit(X, y)
    for column in (0, 1):
        raised = X[:200].copy()
        judged = []
        for step in np.linspace(-4, 4, 30):
            raised[:, column] = step
            judged.append(ranker.log_odds(raised))
        assert (np.diff(judged, axis=0) >= 0).all()
    # Beyond the last split the trees are flat, and the order is still right.
    top = np.sort(X[:, 0])[-2:]
    far = np.column_stack([top, np.zeros((2, 2))])
    assert ranker._trees.decision_function(far).std() == 0
    assert np.diff(ranker.log_odds(far)) > 0
    assert roc_auc(y, ranker.log_odds(X)) > 0.7
