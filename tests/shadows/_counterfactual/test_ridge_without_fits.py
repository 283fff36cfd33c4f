"""Shadows of RidgeClassifier that cost no fit: what fits on the same rows answer."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV

from skmia.shadows import fit_shadows

SETTINGS = [
    RidgeClassifier(),
    RidgeClassifier(alpha=0.1, fit_intercept=False),
    RidgeClassifier(class_weight="balanced"),
    RidgeClassifier(class_weight={"a": 2.0, "b": 0.5}),
    RidgeClassifier(solver="svd"),
]


def _rows(n_classes=3, n=120):
    """Rows far from 0, some of them with copies."""
    rng = np.random.default_rng(0)
    X = rng.normal(5, 1, size=(n, 6))
    y = np.array(list("abc"))[rng.integers(0, n_classes, n)]
    X[10:20], y[10:20] = X[:10], y[:10]
    return X, y, np.unique(X, axis=0, return_inverse=True)[1].ravel()


def _logit(shadows, estimator, X, y, weight, rows, i):
    params = {} if weight is None else {"sample_weight": weight[rows]}
    model = clone(estimator).fit(X[rows], y[rows], **params)
    margin = model.decision_function(X[[i]])
    if margin.ndim == 1:
        return margin[0] * (1 if y[i] == model.classes_[1] else -1)
    others = np.exp(margin[0]) * (model.classes_ != y[i])
    return margin[0, model.classes_ == y[i]][0] - np.log(others.sum())


def _check(estimator, X, y, unit, weight=None):
    params = {} if weight is None else {"sample_weight": weight}
    shadows = fit_shadows(estimator, X, y, shadows=2, params=params, random_state=0)
    assert shadows.n_shadows == 8
    assert shadows.counterfactual_.n_fits == 0
    assert shadows.counterfactual_.exact
    for k in (0, 5):
        for i in range(0, len(y), 17):
            rows = shadows.member[k]
            for kept, there in (
                (shadows.signals, rows),
                (shadows.other, rows ^ (unit == unit[i])),
            ):
                refit = _logit(shadows, estimator, X, y, weight, there, i)
                np.testing.assert_allclose(
                    kept["logit"][k, i], refit, rtol=1e-6, atol=1e-6
                )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("estimator", SETTINGS, ids=repr)
def test_answers_are_those_of_refits(estimator, weighted):
    X, y, unit = _rows()
    weight = np.random.default_rng(1).exponential(size=len(y)) if weighted else None
    _check(estimator, X, y, unit, weight)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_two_classes_and_sparse_rows(class_weight):
    X, y, unit = _rows(n_classes=2)
    _check(RidgeClassifier(class_weight=class_weight), X, y, unit)
    tight = RidgeClassifier(class_weight=class_weight, tol=1e-12)
    X = X * (X > 5)
    unit = np.unique(np.column_stack([X, y == "a"]), axis=0, return_inverse=True)[1]
    _check(tight, sparse.csr_array(X), y, unit.ravel())


@pytest.mark.slow  # starts worker processes
def test_the_number_of_jobs_does_not_matter():
    X, y, _ = _rows()
    one, two = (
        fit_shadows(RidgeClassifier(), X, y, shadows=2, n_jobs=n, random_state=3)
        for n in (1, 2)
    )
    for ours, theirs in ((one.signals, two.signals), (one.other, two.other)):
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name])


def test_what_is_fitted():
    X, y, _ = _rows()
    rare = y.copy()
    rare[40] = "d"  # which half of the shadows lack
    persons = np.arange(len(y)) // 2
    for estimator, labels, groups in [
        (RidgeClassifier(positive=True), y, None),
        (RidgeClassifierCV(alphas=[0.5, 5.0]), y, None),
        (RidgeClassifier(), rare, None),
        (RidgeClassifier(), y, persons),
    ]:
        shadows = fit_shadows(
            estimator, X, labels, shadows=4, groups=groups, random_state=0
        )
        assert shadows.n_shadows == shadows.counterfactual_.n_fits == 4
    wide = np.hstack([X, np.zeros((len(y), 1600))])
    shadows = fit_shadows(RidgeClassifier(), wide, y, shadows=2, random_state=0)
    assert shadows.n_shadows == shadows.counterfactual_.n_fits == 2


def test_digits():
    X, y = load_digits(return_X_y=True)
    X, y = X[::4] / 16, y[::4]
    shadows = fit_shadows(RidgeClassifier(), X, y, shadows=1, random_state=0)
    assert shadows.counterfactual_.n_fits == 0
    for i in range(0, len(y), 60):
        rows = shadows.member[5] ^ (np.arange(len(y)) == i)
        refit = _logit(shadows, RidgeClassifier(), X, y, None, rows, i)
        told = shadows.other["logit"][5, i]
        np.testing.assert_allclose(told, refit, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("make", [np.array, sparse.csr_array], ids=["array", "sparse"])
def test_the_rows_are_not_written_in(make):
    X, y, _ = _rows()
    X = make(X)
    before = X.copy()
    given = {"shadows": 8, "random_state": 0}
    # Such a fit centres the rows that it gets.
    careless = fit_shadows(RidgeClassifier(copy_X=False), X, y, **given)
    assert careless.counterfactual_.n_fits == 0
    assert abs(X - before).max() == 0
    careful = fit_shadows(RidgeClassifier(), X, y, **given)
    np.testing.assert_array_equal(careless.get("logit"), careful.get("logit"))


@pytest.mark.parametrize("solver", ["sag", "saga"])
def test_solvers_that_draw_rows_are_fitted(solver):
    X, y, _ = _rows()
    learner = RidgeClassifier(solver=solver, tol=1e-6, max_iter=5000)
    shadows = fit_shadows(learner, X, y, shadows=4, random_state=0)
    assert shadows.n_shadows == 4
    assert shadows.fit_seconds.all()
