"""LinearSVC and SVC on the other side of a record: what a refit answers."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.svm import SVC, LinearSVC

from skmia.shadows._counterfactual._family import NotCoveredError
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool


def problem(n_classes=2, n=500):
    return make_classification(
        n,
        6,
        n_informative=4,
        n_redundant=0,
        n_classes=n_classes,
        class_sep=0.7,
        flip_y=0.1,
        random_state=0,
    )


def linear(**params):
    return LinearSVC(tol=1e-8, max_iter=100_000, dual=False, **params)


def gaps(pool, estimator, every=12):
    """Predicted and true change of the margin (or probability), and who is inside."""
    records = np.arange(0, pool.n, every)
    told, model = pool.other_side(estimator)
    ask = getattr(model, "predict_proba", None) or model.decision_function
    now = np.concatenate([ask(pool.record(i)) for i in records])
    true = np.stack([pool.refit(estimator, i)[1] for i in records])
    told = told[records]
    if now.ndim == 2:
        y = np.searchsorted(model.classes_, pool.y[pool.first[records]])
        told, now, true = (a[np.arange(len(y)), y] for a in (told, now, true))
    return told - now, true - now, pool.inside[records]


def weighted(pool_rows, seed=0):
    X, y = pool_rows
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(y)), rng.integers(1, 4, len(y)))
    return Pool(X[rows], y[rows], rng.uniform(0.2, 1.5, len(rows)))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"C": 0.05},
        {"fit_intercept": False},
        {"intercept_scaling": 0.3},
        {"class_weight": {0: 3.0, 1: 0.5}},
        {"class_weight": "balanced"},
    ],
    ids=str,
)
def test_squared_hinge_of_two_classes(params):
    told, true, _ = gaps(Pool(*problem()), linear(**params))
    assert np.corrcoef(told, true)[0, 1] > 0.998
    assert 0.97 < np.polyfit(told, true, 1)[0] < 1.03


def test_squared_hinge_of_copies_with_weights():
    told, true, _ = gaps(weighted(problem()), linear(C=0.3))
    assert np.corrcoef(told, true)[0, 1] > 0.998
    assert 0.97 < np.polyfit(told, true, 1)[0] < 1.03


def test_squared_hinge_of_several_classes():
    told, true, _ = gaps(Pool(*problem(4)), linear())
    assert np.corrcoef(told, true)[0, 1] > 0.995
    assert 0.95 < np.polyfit(told, true, 1)[0] < 1.05


@pytest.mark.parametrize(
    ("params", "least"),
    [
        ({}, 0.9),
        ({"class_weight": {0: 3.0, 1: 0.5}}, 0.9),
        ({"kernel": "poly", "C": 0.1}, 0.9),
        ({"kernel": "linear"}, 0.8),
    ],
    ids=str,
)
def test_span_rule_follows_refits(params, least):
    told, true, inside = gaps(Pool(*problem()), SVC(tol=1e-6, **params))
    for side in (inside, ~inside):
        assert np.corrcoef(told[side], true[side])[0, 1] > least
        assert 0.5 < np.polyfit(told[side], true[side], 1)[0] < 2


def test_span_rule_of_copies_with_weights():
    told, true, _ = gaps(weighted(problem()), SVC(tol=1e-6))
    assert np.corrcoef(told, true)[0, 1] > 0.9


@pytest.mark.parametrize("n_classes", [2, 4])
def test_what_is_no_support_vector_changes_nothing(n_classes):
    pool = Pool(*problem(n_classes))
    estimator = SVC(gamma=0.2, tol=1e-8)  # 'scale' depends on every row a little
    told, model = pool.other_side(estimator)
    now = model.decision_function(pool.X[pool.first])
    unit = pool.unit[pool.fit(estimator, pool.inside)[1][model.support_]]
    idle = pool.inside.copy()
    idle[unit] = False
    assert idle.sum() > 5
    np.testing.assert_allclose(told[idle], now[idle], atol=1e-9)
    for i in np.flatnonzero(idle)[:5]:
        np.testing.assert_allclose(pool.refit(estimator, i)[1], now[i], atol=1e-4)


def test_probabilities_of_two_classes_follow_the_margin():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        pool = Pool(*problem(n=300))
        model = SVC(probability=True, random_state=0)
        told, fitted = pool.other_side(model)
        proba = fitted.predict_proba(pool.X[pool.first])
        np.testing.assert_allclose(told.sum(axis=1), 1)
        y = pool.y[pool.first]
        moved = (told - proba)[np.arange(pool.n), y]
        assert (moved[pool.inside] < 1e-9).all()
        assert (moved[~pool.inside] > -1e-9).all()
        with pytest.raises(NotCoveredError, match="two classes only"):
            Pool(*problem(3, n=200)).other_side(model)


@pytest.mark.parametrize("estimator", [SVC(gamma=0.2), linear()], ids=["SVC", "linear"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_containers_tell_the_same(estimator, n_classes):
    X, y = problem(n_classes, n=200)
    X[np.abs(X) < 0.5] = 0
    want, _ = Pool(X, y).other_side(estimator)
    frame = pd.DataFrame(X, columns=list("uvwxyz"))
    labels = np.array(["a", "b", "c"])[y]
    for pool in (Pool(sparse.csr_matrix(X), y), Pool(frame, y), Pool(X, labels)):
        np.testing.assert_allclose(pool.other_side(estimator)[0], want, atol=2e-2)


@pytest.mark.parametrize(
    ("estimator", "why"),
    [
        (LinearSVC(loss="hinge"), "does not keep"),
        (LinearSVC(penalty="l1", dual=False), "l1 part"),
        (LinearSVC(multi_class="crammer_singer"), "crammer_singer"),
        (SVC(kernel="precomputed"), "precomputed"),
        (SVC(class_weight="balanced"), "balanced"),
    ],
    ids=str,
)
def test_why_not(estimator, why):
    assert why in family_of(estimator).why_not(estimator)
    assert family_of(LinearSVC()).why_not(LinearSVC()) is None
    assert family_of(SVC()).why_not(SVC()) is None
