"""Trees, forests and bagging on the other side of a record, beside refits."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._table import family_of
from tests.shadows._counterfactual.refits import Pool


def problem(n=400, n_classes=3):
    return make_classification(
        n, 8, n_informative=5, n_classes=n_classes, flip_y=0.1, random_state=0
    )


ENSEMBLES = [
    DecisionTreeClassifier(min_samples_leaf=3, random_state=0),
    DecisionTreeClassifier(splitter="random", max_leaf_nodes=20, random_state=0),
    DecisionTreeClassifier(ccp_alpha=0.01, class_weight="balanced", random_state=0),
    DecisionTreeClassifier(class_weight={0: 3.0, 1: 0.5}, random_state=0),
    ExtraTreeClassifier(min_samples_leaf=2, random_state=0),
    RandomForestClassifier(20, random_state=0),
    RandomForestClassifier(20, min_samples_leaf=5, max_samples=0.5, random_state=0),
    RandomForestClassifier(20, class_weight="balanced", random_state=0),
    RandomForestClassifier(20, class_weight="balanced_subsample", random_state=0),
    ExtraTreesClassifier(20, min_samples_leaf=3, random_state=0),
    ExtraTreesClassifier(20, bootstrap=True, random_state=0),
    BaggingClassifier(n_estimators=20, random_state=0),
    BaggingClassifier(
        ExtraTreeClassifier(min_samples_leaf=2),
        n_estimators=20,
        max_samples=0.6,
        max_features=0.5,
        bootstrap=False,
        random_state=0,
    ),
]


@pytest.mark.parametrize("estimator", ENSEMBLES, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.filterwarnings("ignore:When fitting BaggingClassifier:UserWarning")
def test_members_lose_and_others_gain(estimator, weighted):
    X, y = problem()
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(len(y)), rng.integers(1, 3, len(y)))
    weight = rng.uniform(0.5, 2, len(rows)) if weighted else None
    pool = Pool(X[rows], y[rows], weight)
    told, model = pool.other_side(estimator)
    column = pool.y[pool.first]
    index = np.arange(pool.n)
    now = model.predict_proba(pool.X[pool.first])[index, column]
    np.testing.assert_allclose(told.sum(axis=1), 1)
    assert told.min() >= 0
    change = told[index, column] - now
    assert (change[pool.inside] <= 1e-9).all()
    assert (change[~pool.inside] >= -1e-9).all()
    assert change[~pool.inside].mean() > 0.01


def test_a_stump_without_and_with_a_record():
    # The split stays where it is: the counts of the leaves are all that changes.
    X = np.r_[np.linspace(0, 1, 40), np.linspace(5, 6, 40)][:, None]
    y = (np.arange(80) >= 40) ^ (np.arange(80) % 10 == 5)
    y = y.astype(int)
    order = np.random.default_rng(0).permutation(80)
    pool = Pool(X[order], y[order])
    for params in ({}, {"class_weight": {0: 2.0, 1: 0.7}}):
        stump = DecisionTreeClassifier(max_depth=1, random_state=0, **params)
        worst, unknown = pool.compare(stump)
        assert worst < 1e-12
        assert not unknown


@pytest.mark.parametrize("copies", [1, 3])
def test_weights_and_copies_of_a_stump(copies):
    X = np.r_[np.linspace(0, 1, 40), np.linspace(5, 6, 40)][:, None]
    y = (np.arange(80) >= 40) ^ (np.arange(80) % 10 == 5)
    y = y.astype(int)
    rows = np.repeat(np.random.default_rng(0).permutation(80), copies)
    weight = np.random.default_rng(1).uniform(0.9, 1.1, len(rows))
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    assert Pool(X[rows], y[rows], weight).compare(stump)[0] < 1e-9


def test_leaves_that_no_drawn_split_parts_are_not_parted_by_one_more_record():
    # Each value has one leaf, which holds both classes and nothing to tell them by.
    y = (np.arange(120) % 5 == 0).astype(int)
    pool = Pool(np.repeat(np.arange(3.0), 40)[:, None], y)
    # Rows of equal content are one record elsewhere.
    pool.first, pool.unit, pool.n = np.arange(120), np.arange(120), 120
    pool.inside = np.random.default_rng(0).random(120) < 0.5
    tree = ExtraTreeClassifier(min_samples_leaf=3, random_state=0)
    worst, unknown = pool.compare(tree)
    assert worst < 1e-12
    assert not unknown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "least"),
    [
        (DecisionTreeClassifier(min_samples_leaf=5), 0.4),
        (ExtraTreesClassifier(30, min_samples_leaf=3), 0.6),
        (RandomForestClassifier(30, min_samples_leaf=5), 0.7),
        (RandomForestClassifier(30), 0.6),
        (BaggingClassifier(n_estimators=30), 0.6),
    ],
    ids=str,
)
def test_gaps_follow_those_of_many_fits(estimator, least):
    """Mean gaps of eight models beside those that sixty other fits show."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:700], y[:700]
    index = np.arange(len(y))
    sums, counts = np.zeros((2, len(y))), np.zeros((2, len(y)))
    for seed in range(60):
        inside = np.random.default_rng(1000 + seed).random(len(y)) < 0.5
        model = estimator.set_params(random_state=seed).fit(X[inside], y[inside])
        p = model.predict_proba(X)[index, y]
        for side in (0, 1):
            sums[side] += np.where(inside == side, p, 0)
            counts[side] += inside == side
    true = sums[1] / counts[1] - sums[0] / counts[0]
    gap = np.zeros(len(y))
    for seed in range(8):
        pool = Pool(X, y, seed=seed)
        told, model = pool.other_side(estimator.set_params(random_state=seed))
        now = model.predict_proba(X[pool.first])
        change = told[index, y[pool.first]] - now[index, y[pool.first]]
        gap[pool.first] += np.where(pool.inside, -change, change) / 8
    assert np.corrcoef(gap, true)[0, 1] > least
    if getattr(estimator, "bootstrap", False):
        # The scale of the gaps is that of trees which did not draw a record.
        assert 0.75 < gap.mean() / true.mean() < 1.25


def test_sparse_frames_and_missing_values():
    X, y = problem()
    X = np.where(np.abs(X) < 0.5, 0, X).round(3)
    forest = RandomForestClassifier(10, min_samples_leaf=3, random_state=0)
    dense, _ = Pool(X, y).other_side(forest)
    thin, _ = Pool(sparse.csr_matrix(X), y).other_side(forest)
    np.testing.assert_allclose(thin, dense, atol=1e-6)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    named, _ = Pool(frame, y).other_side(forest)
    np.testing.assert_allclose(named, dense)
    bags = BaggingClassifier(n_estimators=5, random_state=0)
    dense, _ = Pool(X, y).other_side(bags)
    named, _ = Pool(frame, y).other_side(bags)
    np.testing.assert_allclose(named, dense)


def test_missing_values():
    X, y = problem()
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    tree = DecisionTreeClassifier(max_features=3, random_state=0).fit(X, y)
    rows = np.bincount(tree.apply(X), minlength=tree.tree_.node_count)
    leaves = tree.tree_.children_left < 0
    as_in_the_fit = (rows == tree.tree_.n_node_samples)[leaves].all()
    given = TrainingRows(X, y, np.ones(len(y)), np.arange(len(y)))
    # Some releases send rows with missing values elsewhere than in the fit.
    if as_in_the_fit:
        family_of(tree).prepare(tree, given)
    else:
        with pytest.raises(NotCoveredError, match="leaves"):
            family_of(tree).prepare(tree, given)


def test_what_has_no_closed_form():
    def why_not(estimator):
        return family_of(estimator).why_not(estimator)

    assert "monotonic" in why_not(DecisionTreeClassifier(monotonic_cst=[1, 0]))
    assert "no trees" in why_not(BaggingClassifier(LogisticRegression()))
    assert why_not(BaggingClassifier()) is None
    assert why_not(ExtraTreesClassifier()) is None


def test_rows_that_the_trees_were_not_fitted_on():
    X, y = problem()
    model = RandomForestClassifier(5, random_state=0).fit(X[:200], y[:200])
    other = TrainingRows(X[200:], y[200:], np.ones(200), np.arange(200))
    with pytest.raises(NotCoveredError, match="leaves"):
        family_of(model).prepare(model, other)


def test_a_class_that_the_model_does_not_know():
    X, y = problem()
    pool = Pool(X, np.where(np.arange(len(y)) < 1, 7, y))
    pool.inside[pool.unit[0]] = False
    told, _ = pool.other_side(RandomForestClassifier(5, random_state=0))
    assert np.isnan(told[pool.unit[0]]).all()
    assert np.isfinite(np.delete(told, pool.unit[0], axis=0)).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_shadows_of_a_forest_tell_both_sides(n_jobs):
    X, y = problem()
    forest = RandomForestClassifier(10, min_samples_leaf=3)
    signals = fit_shadows(
        forest, X, y, shadows=ShadowModels(4), n_jobs=n_jobs, random_state=0
    )
    assert signals.counterfactual_.used
    assert signals.inside["logit"].mean() > signals.outside["logit"].mean()
