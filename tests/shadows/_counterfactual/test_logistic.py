"""LogisticRegression on the other side of a record: what a refit answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression

from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool

TIGHT = {"tol": 1e-9, "max_iter": 2000}


def problem(n_classes=2, n=600, seed=0, **params):
    X, y = make_classification(
        n,
        6,
        n_informative=4,
        n_redundant=0,
        n_classes=n_classes,
        class_sep=0.7,
        flip_y=0.1,
        random_state=seed,
        **params,
    )
    return X, y


def logit(p, y):
    own = p[np.arange(len(y)), y]
    return np.log(own) - np.log(p.sum(axis=1) - own)


def gaps(pool, estimator, records):
    """Predicted and true change in the logit of each record's own class."""
    told, model = pool.other_side(estimator)
    y = np.searchsorted(model.classes_, pool.y[pool.first[records]])
    now = np.concatenate([model.predict_proba(pool.record(i)) for i in records])
    true = np.stack([pool.refit(estimator, i)[1] for i in records])
    return logit(told[records], y) - logit(now, y), logit(true, y) - logit(now, y)


def check_close(pool, estimator, within=0.05, records=None):
    """Most records within a share of their change, or of a hundredth of the mean."""
    records = np.arange(0, pool.n, 20) if records is None else records
    told, true = gaps(pool, estimator, records)
    error = np.abs(told - true) / (np.abs(true) + 0.01 * np.abs(true).mean())
    assert np.mean(error < within) >= 0.95
    assert np.corrcoef(told, true)[0, 1] > 0.999


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky"])
def test_other_side_is_that_of_a_refit(n_classes, solver):
    model = LogisticRegression(solver=solver, C=0.5, **TIGHT)
    check_close(Pool(*problem(n_classes)), model)


@pytest.mark.parametrize(
    "params",
    [
        {"fit_intercept": False},
        {"class_weight": {0: 3.0, 1: 0.5}},
        {"class_weight": "balanced"},
        {"solver": "liblinear", "intercept_scaling": 0.3},
        {"solver": "liblinear", "class_weight": {0: 3.0, 1: 0.5}},
        {"C": np.inf},
        {"C": 0.01},
    ],
    ids=str,
)
def test_parameters_enter_for_two_classes(params):
    model = LogisticRegression(**{"solver": "lbfgs", **TIGHT, **params})
    check_close(Pool(*problem(weights=[0.7])), model)


@pytest.mark.parametrize(
    "params",
    [
        {"fit_intercept": False},
        {"class_weight": {0: 3.0, 2: 0.5}},
        {"class_weight": "balanced"},
        {"C": np.inf},
    ],
    ids=str,
)
def test_parameters_enter_for_several_classes(params):
    model = LogisticRegression(**TIGHT, **params)
    check_close(Pool(*problem(3)), model)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_copies_and_weights_leave_and_join_together(n_classes, class_weight):
    X, y = problem(n_classes)
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(len(y)), rng.integers(1, 4, len(y)))
    weight = rng.uniform(0.2, 1.5, len(rows))
    model = LogisticRegression(C=0.3, class_weight=class_weight, **TIGHT)
    check_close(Pool(X[rows], y[rows], weight), model)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_containers_tell_the_same(n_classes):
    X, y = problem(n_classes)
    X[np.abs(X) < 0.5] = 0
    model = LogisticRegression(**TIGHT)
    want, _ = Pool(X, y).other_side(model)
    labels = np.array(["a", "b", "c"])[y]
    frame = pd.DataFrame(X, columns=list("uvwxyz"))
    for pool in (Pool(sparse.csr_matrix(X), y), Pool(frame, y), Pool(X, labels)):
        np.testing.assert_allclose(pool.other_side(model)[0], want, atol=1e-6)


def test_a_step_that_is_too_long_for_newton_is_found():
    # Weights of 30: each new record moves its own logit far over the bend of its loss.
    X, y = problem(3)
    pool = Pool(X, y, np.full(len(y), 30.0))
    told, true = gaps(pool, LogisticRegression(C=10, **TIGHT), np.arange(0, pool.n, 20))
    assert np.corrcoef(told, true)[0, 1] > 0.98


def test_answers_have_the_type_of_the_model():
    X, y = problem()
    X = X.astype(np.float32)
    told, model = Pool(X, y).other_side(LogisticRegression())
    assert told.dtype == model.predict_proba(X).dtype


def test_a_record_that_is_all_of_its_class_has_no_other_side():
    X, y = problem(3)
    y[7] = 5
    pool = Pool(X, y)
    lone = np.flatnonzero(pool.y[pool.first] == 5)
    for inside in (True, False):
        pool.inside[lone] = inside
        told, _ = pool.other_side(LogisticRegression())
        assert np.isnan(told[lone]).all()
        assert np.isfinite(np.delete(told, lone, axis=0)).all()


def test_why_not():
    family = family_of(LogisticRegression())
    elastic = LogisticRegression(solver="saga", l1_ratio=0.5)
    assert family.why_not(LogisticRegression()) is None
    if elastic.penalty != "deprecated":
        elastic.set_params(penalty="elasticnet")
    assert "l1 part" in family.why_not(elastic)


def test_separable_rows_without_penalty_are_not_covered():
    X, y = np.arange(20.0)[:, None], np.arange(20) // 10
    model = LogisticRegression(C=np.inf).fit(X, y)
    rows = TrainingRows(X, y, np.ones(20), np.arange(20))
    with pytest.raises(NotCoveredError, match="without a penalty"):
        family_of(model).prepare(model, rows)


@pytest.mark.slow
def test_digits_within_two_percent():
    X, y = load_digits(return_X_y=True)
    pool = Pool(X / 16, y)
    model = LogisticRegression(tol=1e-8, max_iter=3000)
    records = np.random.default_rng(0).choice(pool.n, 25, replace=False)
    check_close(pool, model, within=0.02, records=records)


@pytest.mark.slow
def test_many_coefficients_share_one_curvature():
    rng = np.random.default_rng(0)
    X = (rng.random((300, 260)) < 0.1).astype(float)
    y = (X @ rng.normal(size=(260, 9)) + rng.normal(size=(300, 9))).argmax(axis=1)
    pool = Pool(X, y)
    told, true = gaps(pool, LogisticRegression(C=10, **TIGHT), np.arange(0, 300, 10))
    assert np.corrcoef(told, true)[0, 1] > 0.95
    assert 0.8 < np.polyfit(told, true, 1)[0] < 1.25


@pytest.mark.parametrize("n_classes", [2, 3])
def test_more_columns_than_a_matrix_of_curvature_may_have(n_classes):
    X = sparse.random(400, 2100, 0.01, "csr", np.float64, random_state=0)
    rng = np.random.default_rng(0)
    score = X @ rng.normal(size=(2100, n_classes)) + rng.normal(size=(400, n_classes))
    pool = Pool(X, score.argmax(axis=1))
    told, true = gaps(pool, LogisticRegression(C=3, **TIGHT), np.arange(0, 400, 20))
    assert np.corrcoef(told, true)[0, 1] > 0.95
    assert 0.8 < np.polyfit(told, true, 1)[0] < 1.25
