"""Linear and quadratic discriminants on the other side: what a refit answers."""

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.utils.fixes import parse_version

from skmia.shadows._counterfactual._family import NotCoveredError
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool

PRIORS = [0.2, 0.3, 0.5]
LINEAR = [
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(priors=PRIORS),
    LinearDiscriminantAnalysis(solver="lsqr"),
    LinearDiscriminantAnalysis(solver="eigen"),
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3),
    LinearDiscriminantAnalysis(solver="eigen", shrinkage=1.0),
]
QUADRATIC = [
    QuadraticDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(priors=PRIORS),
    QuadraticDiscriminantAnalysis(reg_param=0.2),
]
if parse_version(sklearn.__version__) >= parse_version("1.8"):
    QUADRATIC += [
        QuadraticDiscriminantAnalysis(solver="eigen"),
        QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.3, priors=PRIORS),
    ]


def _rows(n=130, seed=0):
    """Rows far from 0, some of them with copies."""
    rng = np.random.default_rng(seed)
    X = rng.normal(5, 1, size=(n, 6))
    y = np.array(list("abc"))[rng.integers(0, 3, n)]
    X[10:20], y[10:20] = X[:10], y[:10]
    return X, y


@pytest.mark.parametrize("estimator", LINEAR + QUADRATIC, ids=repr)
def test_answers_are_those_of_refits(estimator):
    pool = Pool(*_rows())
    difference, unknown = pool.compare(estimator, range(0, pool.n, 2))
    assert difference < 1e-10
    assert unknown == []


@pytest.mark.parametrize("estimator", [LINEAR[0], LINEAR[4], QUADRATIC[2]], ids=repr)
def test_two_classes(estimator):
    X, y = _rows()
    difference, unknown = Pool(X, y == "a").compare(estimator)
    assert difference < 1e-10
    assert unknown == []


@pytest.mark.parametrize("estimator", [LINEAR[0], LINEAR[2], LINEAR[4]], ids=repr)
def test_a_class_without_its_last_record_has_probability_0(estimator):
    X, y = _rows()
    y[[4, 14]] = "d"
    pools = (Pool(X, y, seed=seed) for seed in range(100))
    pool = next(pool for pool in pools if pool.inside[pool.unit[4]])
    difference, unknown = pool.compare(estimator)
    assert difference < 1e-10
    assert unknown == []
    assert pool.other_side(estimator)[0][pool.unit[4], 3] == 0


def test_columns_that_depend_on_each_other():
    # Of a category that one record alone has, no other row tells how much it counts.
    rng = np.random.default_rng(0)
    X, y = _rows()
    category = np.append(np.arange(3), rng.integers(3, 7, len(y) - 3))
    category[10:20] = category[:10]
    pool = Pool(np.hstack([X, np.eye(7)[category]]), y)
    difference, unknown = pool.compare(LinearDiscriminantAnalysis())
    assert difference < 1e-10
    rare = {pool.unit[row] for row in range(3)}
    assert set(unknown) == {i for i in rare if pool.inside[i]}
    with pytest.raises(NotCoveredError, match="collinear"):
        pool.other_side(LinearDiscriminantAnalysis(solver="lsqr"))


@pytest.mark.parametrize("estimator", [LINEAR[0], QUADRATIC[0]], ids=repr)
def test_single_precision(estimator):
    X, y = _rows()
    pool = Pool(X.astype(np.float32), y)
    assert pool.compare(estimator)[0] < 1e-4


def test_answers_for_digits():
    X, y = load_digits(return_X_y=True)
    pool = Pool(X, y)
    for estimator in (
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1),
        QuadraticDiscriminantAnalysis(reg_param=0.1),
    ):
        assert pool.compare(estimator, range(0, pool.n, 200))[0] < 1e-6


def test_what_is_not_covered():
    for estimator, why in [
        (LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), "'auto'"),
        (LinearDiscriminantAnalysis(solver="eigen", priors=PRIORS), "priors"),
    ]:
        assert why in family_of(estimator).why_not(estimator)
    X, y = _rows()
    X[:, 0] = y == "a"
    with pytest.raises(NotCoveredError, match="constant in each class"):
        Pool(X, y).other_side(LinearDiscriminantAnalysis())
