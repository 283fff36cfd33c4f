"""Boosted trees of four libraries on the other side of a record, beside refits."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)

from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

FEW = 20


def hist(**params):
    return HistGradientBoostingClassifier(max_iter=FEW, early_stopping=False, **params)


def gradient(**params):
    return GradientBoostingClassifier(n_estimators=FEW, random_state=0, **params)


def xgb(**params):
    return xgboost.XGBClassifier(n_estimators=FEW, n_jobs=1, random_state=0, **params)


def lgbm(**params):
    return lightgbm.LGBMClassifier(
        n_estimators=FEW, n_jobs=1, verbose=-1, random_state=0, **params
    )


MAKERS = [hist, gradient, xgb, lgbm]
# With splits that a single record hardly moves: what is held is what a refit has.
STEADY = {
    hist: {"max_leaf_nodes": 3},
    gradient: {"max_depth": 1},
    xgb: {"max_depth": 1},
    lgbm: {"num_leaves": 2},
}


def problem(n_classes=2, n=500, seed=0):
    return make_classification(
        n,
        5,
        n_informative=4,
        n_redundant=0,
        n_classes=n_classes,
        flip_y=0.1,
        random_state=seed,
    )


def logit(p, y):
    p = np.clip(np.asarray(p, dtype=float), 1e-9, 1 - 1e-9)
    own = p[np.arange(len(y)), y]
    return np.log(own) - np.log1p(-own)


def moves(pool, estimator):
    """How far each record's logit would move, and whether it is a member."""
    told, model = pool.other_side(estimator)
    now = model.predict_proba(pool.X[pool.first])
    y = np.searchsorted(model.classes_, pool.y[pool.first])
    assert told.dtype == now.dtype
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-5)
    return logit(told, y) - logit(now, y)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("make", MAKERS)
def test_gaps_go_with_those_of_refits(make, n_classes):
    pool = Pool(*problem(n_classes))
    estimator, records = make(**STEADY[make]), np.arange(0, pool.n, 16)
    told = moves(pool, estimator)[records]
    model, _ = pool.fit(estimator, pool.inside)
    y = pool.y[pool.first[records]]
    now = model.predict_proba(pool.X[pool.first[records]])
    true = np.stack([pool.refit(estimator, i)[1] for i in records])
    true = logit(true, y) - logit(now, y)
    assert np.mean(np.sign(told) == np.sign(true)) > 0.8
    assert spearmanr(told, true).statistic > 0.6
    assert np.corrcoef(told, true)[0, 1] > 0.5


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("make", MAKERS)
def test_members_lose_and_others_win(make, n_classes):
    pool = Pool(*problem(n_classes))
    moved = moves(pool, make())
    assert (moved[pool.inside] <= 1e-5).mean() > 0.95
    assert (moved[~pool.inside] >= -1e-5).mean() > 0.95


@pytest.mark.parametrize(
    "estimator",
    [
        hist(l2_regularization=2.0, class_weight="balanced"),
        hist(class_weight={0: 1.0, 1: 3.0}, learning_rate=0.3),
        gradient(loss="exponential"),
        gradient(init="zero", learning_rate=0.5),
        gradient(subsample=0.7),
        xgb(reg_lambda=0.1, reg_alpha=0.5, scale_pos_weight=2.0),
        xgb(base_score=0.3, max_delta_step=0.5, min_child_weight=3.0),
        xgb(subsample=0.7, colsample_bytree=0.6, tree_method="exact"),
        lgbm(reg_lambda=1.0, reg_alpha=0.5, class_weight="balanced"),
        lgbm(subsample=0.7, subsample_freq=1),
    ],
    ids=str,
)
def test_parameters_are_in_the_formula(estimator):
    # Leaf values that are recomputed are compared with those that the model has.
    pool = Pool(*problem(), weight=np.random.default_rng(0).uniform(0.5, 2, 500))
    moved = moves(pool, estimator)
    assert moved[pool.inside].mean() < 0 < moved[~pool.inside].mean()


@pytest.mark.parametrize("make", MAKERS)
def test_wrong_weights_are_noticed(make):
    pool = Pool(*problem())
    model, rows = pool.fit(make(), pool.inside)
    told = TrainingRows(
        pool.X[rows],
        pool.y[rows],
        np.where(np.arange(len(rows)) % 2, 1.0, 9.0),
        np.arange(len(rows)),
    )
    with pytest.raises(NotCoveredError, match="values of its leaves"):
        family_of(model).prepare(model, told)


@pytest.mark.parametrize("make", [gradient, xgb, lgbm])
def test_sparse_rows_answer_as_dense_ones(make):
    X, y = problem()
    X[np.abs(X) < 0.3] = 0.0
    dense, _ = Pool(X, y).other_side(make())
    few, _ = Pool(sparse.csr_matrix(X), y).other_side(make())
    if make is not xgb:  # for which an entry that is not stored is missing
        np.testing.assert_allclose(few, dense, atol=1e-6)
    assert np.isfinite(few).all()


@pytest.mark.parametrize(
    "estimator",
    [
        gradient(n_iter_no_change=5),
        gradient(init=GradientBoostingClassifier()),
        hist(monotonic_cst=[1, 0, 0, 0, 0]),
        xgb(booster="dart"),
        xgb(num_parallel_tree=3),
        lgbm(boosting_type="dart"),
        lgbm(linear_tree=True),
    ],
    ids=str,
)
def test_what_is_not_covered_says_so(estimator):
    assert family_of(estimator).why_not(estimator)


@pytest.mark.parametrize("make", [hist, xgb, lgbm])
def test_missing_values_and_frames(make):
    X, y = problem()
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    told, _ = Pool(pd.DataFrame(X, columns=list("abcde")), y).other_side(make())
    assert np.isfinite(told).all()
