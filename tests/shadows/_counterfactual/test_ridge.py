"""RidgeClassifier on the other side of a record: what a refit answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV

from skmia.shadows._counterfactual._family import NotCoveredError
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool

SETTINGS = [
    RidgeClassifier(),
    RidgeClassifier(alpha=0.1, fit_intercept=False),
    RidgeClassifier(alpha=np.array([0.1, 1.0, 2.0, 4.0])),
    RidgeClassifier(class_weight="balanced"),
    RidgeClassifier(class_weight={"a": 2.0, "b": 0.5}),
    RidgeClassifier(solver="svd"),
    RidgeClassifier(solver="lsqr", tol=1e-10),
    RidgeClassifierCV(alphas=[0.5]),
]


def _pool(weighted=False, n_classes=4, seed=0):
    """Rows far from 0, with copies, and a class that is one record and its copy."""
    rng = np.random.default_rng(seed)
    X = rng.normal(5, 1, size=(120, 6))
    y = np.array(list("abc"))[rng.integers(0, min(n_classes, 3), 120)]
    X[10:20], y[10:20] = X[:10], y[:10]
    if n_classes == 4:
        y[[4, 14]] = "d"
    weight = rng.exponential(size=120) if weighted else None
    pools = (Pool(X, y, weight, seed) for seed in range(100))
    return next(pool for pool in pools if pool.inside[pool.unit[4]])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("estimator", SETTINGS, ids=repr)
def test_answers_are_those_of_refits(estimator, weighted):
    pool = _pool(weighted)
    alone = pool.unit[4]
    others = [i for i in range(0, pool.n, 3) if i != alone]
    difference, unknown = pool.compare(estimator, others)
    assert difference < 1e-8
    assert unknown == []
    # Without its last record, a class has no margin.
    assert np.isnan(pool.other_side(estimator)[0][alone]).all()


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_two_classes_have_one_margin(class_weight):
    pool = _pool(True, n_classes=2)
    difference, unknown = pool.compare(
        RidgeClassifier(class_weight=class_weight), range(0, pool.n, 3)
    )
    assert difference < 1e-8
    assert unknown == []


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_sparse_rows(class_weight):
    X = sparse.random(130, 12, 0.3, format="csr", random_state=0)
    y = np.random.default_rng(0).integers(0, 3, 130)
    pool = Pool(sparse.csr_array(X), y)
    some = range(0, pool.n, 8)
    exact = RidgeClassifier(class_weight=class_weight, tol=1e-10)
    assert pool.compare(exact, some)[0] < 1e-8
    # The solver's own tolerance is what is left.
    usual = RidgeClassifier(class_weight=class_weight)
    assert pool.compare(usual, some)[0] < 2e-3


def test_frames_and_single_precision():
    pool = _pool()
    expected, _ = pool.other_side(RidgeClassifier())
    pool.X = pd.DataFrame(pool.X, columns=list("abcdef"))
    told, _ = pool.other_side(RidgeClassifier())
    np.testing.assert_allclose(told, expected, rtol=0, atol=1e-12)
    pool.X = pool.X.astype(np.float32)
    told, _ = pool.other_side(RidgeClassifier())
    np.testing.assert_allclose(told, expected, rtol=0, atol=1e-4)


def test_answers_for_digits():
    X, y = load_digits(return_X_y=True)
    pool = Pool(X, y)
    difference, unknown = pool.compare(RidgeClassifier(), range(0, pool.n, 40))
    assert difference < 1e-6
    assert unknown == []


def test_what_is_not_covered():
    pool = _pool()
    positive = RidgeClassifier(positive=True)
    assert "positive=True" in family_of(positive).why_not(positive)
    with (
        pytest.warns(ConvergenceWarning),
        pytest.raises(NotCoveredError, match="before the optimum"),
    ):
        pool.other_side(RidgeClassifier(solver="sag", max_iter=1, random_state=0))
    pool.X = np.hstack([pool.X, np.zeros((len(pool.X), 2000))])
    with pytest.raises(NotCoveredError, match="too many columns"):
        pool.other_side(RidgeClassifier())


def test_an_alpha_that_is_chosen_is_not_exact():
    assert family_of(RidgeClassifier()).exact
    assert not family_of(RidgeClassifierCV()).exact
