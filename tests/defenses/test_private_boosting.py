"""Boosting with differential privacy, through the public class."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from skmia.defenses import DifferentialPrivacyClassifier


def _private(estimator=None, *, epsilon=1.0, random_state=0, **params):
    if estimator is None:
        estimator = HistGradientBoostingClassifier()
    return DifferentialPrivacyClassifier(
        estimator, epsilon=epsilon, random_state=random_state, **params
    )


def _table(n, seed=0):
    """A frame with a skewed column, gaps, text and a truth value, and two classes."""
    random = np.random.default_rng(seed)
    size = random.lognormal(0, 2, n)
    gap = np.where(random.random(n) < 0.2, np.nan, random.normal(1990, 8, n))
    town = random.choice(
        ["ash", "birch", "cedar", "dogwood"], n, p=[0.4, 0.3, 0.2, 0.1]
    )
    flag = random.random(n) < 0.5
    effect = dict(zip(["ash", "birch", "cedar", "dogwood"], [-2, 0, 1, 3], strict=True))
    z = np.log(size) + np.vectorize(effect.get)(town) + 2 * flag - 2
    z += np.where(np.isnan(gap), 2.0, np.sin(np.nan_to_num(gap) / 4))
    y = np.where(random.random(n) < 1 / (1 + np.exp(-z)), "yes", "no")
    X = pd.DataFrame({"size": size, "year": gap, "town": town, "flag": flag})
    return X, y


@pytest.fixture(scope="module")
def table():
    return _table(6000)


@pytest.fixture(scope="module")
def unseen():
    return _table(4000, seed=1)


# What it learns ----------------------------------------------------------------------


@pytest.mark.parametrize(("epsilon", "loss"), [(1.0, 0.03), (10.0, 0.012)])
def test_comes_close_to_boosting_without_privacy(table, unseen, epsilon, loss):
    """Text, gaps, a skewed column and ranges are found privately."""
    X, y = unseen
    open_model = HistGradientBoostingClassifier(random_state=0).fit(
        table[0].astype({"town": "category"}), table[1]
    )
    best = open_model.predict_proba(X.astype({"town": "category"}))
    private = _private(epsilon=epsilon).fit(*table)
    found = private.predict_proba(X)
    auc = [roc_auc_score(y == "yes", proba[:, 1]) for proba in (best, found)]
    assert auc[1] > auc[0] - loss
    assert private.score(X, y) > (best.argmax(1) == (y == "yes")).mean() - loss


def test_probabilities_are_calibrated_where_classes_are_unbalanced():
    """Clipped residuals alone would put the threshold off."""
    X, y = make_classification(
        20000, 8, n_informative=6, weights=[0.85], class_sep=0.5, random_state=0
    )
    clf = _private(epsilon=2.0).fit(X[:10000], y[:10000])
    proba = clf.predict_proba(X[10000:])[:, 1]
    assert proba.mean() == pytest.approx(y[10000:].mean(), abs=0.02)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 1)):
        cell = (proba >= low) & (proba < high)
        assert proba[cell].mean() == pytest.approx(y[10000:][cell].mean(), abs=0.07)


def test_many_classes():
    X, y = make_classification(
        12000,
        10,
        n_informative=8,
        n_classes=5,
        class_sep=1.5,
        random_state=0,
    )
    clf = _private(epsilon=2.0).fit(X[:8000], y[:8000])
    assert clf.predict_proba(X[8000:]).shape == (4000, 5)
    assert clf.score(X[8000:], y[8000:]) > 0.55


def test_less_noise_is_better(table, unseen):
    losses = [
        log_loss(unseen[1], _private(epsilon=e).fit(*table).predict_proba(unseen[0]))
        for e in (0.05, 0.5, 5)
    ]
    assert losses[0] > losses[1] > losses[2]


def test_hardly_any_budget_is_no_worse_than_the_share_of_the_classes(table, unseen):
    clf = _private(epsilon=0.02).fit(*table)
    loss = log_loss(unseen[1], clf.predict_proba(unseen[0]))
    assert loss < 0.75


# The rows ----------------------------------------------------------------------------


def test_containers_agree(table, unseen):
    X, y = table
    first = _private().fit(X, y).predict_proba(unseen[0])
    category = X.astype({"town": "category"})
    other = category.assign(
        town=category["town"].cat.reorder_categories(
            ["dogwood", "cedar", "birch", "ash"]
        )
    )
    for frame in (pl.from_pandas(X), category, other, X.astype({"year": "Float64"})):
        clf = _private().fit(frame, y)
        np.testing.assert_array_equal(clf.predict_proba(unseen[0]), first)
    same = _private().fit(X, y).predict_proba(pl.from_pandas(unseen[0]))
    np.testing.assert_array_equal(same, first)


def test_the_order_of_rows_does_not_matter(table, unseen):
    """Sums are exact: their order would otherwise show in the last bits."""
    X, y = table
    order = np.random.default_rng(0).permutation(len(X))
    ours, theirs = _private().fit(X, y), _private().fit(X.iloc[order], y[order])
    np.testing.assert_array_equal(
        ours.predict_proba(unseen[0]), theirs.predict_proba(unseen[0])
    )


def test_a_category_that_was_not_seen_adds_next_to_nothing(table):
    X, y = table
    clf = _private(epsilon=4.0).fit(X, y)
    row = X.iloc[[0]]
    bare = [clf.predict_proba(row.assign(town=t))[0, 1] for t in ("elm", "fir", "oak")]
    known = [clf.predict_proba(row.assign(town=t))[0, 1] for t in ("ash", "dogwood")]
    assert known[0] < min(bare)
    assert max(bare) < known[1]


def test_listed_categories(table, unseen):
    X, y = table
    towns = ["ash", "birch", "cedar", "dogwood"]
    by_name = _private(feature_types={"town": towns}).fit(X, y)
    kinds = ["continuous", "continuous", towns, [False, True]]
    by_place = _private(feature_types=kinds).fit(X, y)
    np.testing.assert_array_equal(
        by_name.predict_proba(unseen[0]), by_place.predict_proba(unseen[0])
    )
    assert by_name.score(*unseen) > 0.75


def test_nominal_numbers():
    random = np.random.default_rng(0)
    X = random.integers(0, 6, (8000, 2)).astype(float)
    y = np.isin(X[:, 0], [1, 4]).astype(int)
    for clf in (
        _private(feature_types={0: "nominal"}),
        _private(feature_types=[[0, 1, 2, 3, 4, 5], "continuous"]),
        _private(HistGradientBoostingClassifier(categorical_features=[0])),
        _private(HistGradientBoostingClassifier(categorical_features=[True, False])),
    ):
        assert clf.fit(X, y).score(X, y) > 0.99


def test_given_bounds(table, unseen):
    """Nothing is spent on a search, and text columns need none."""
    X, y = table
    given = ([0, 1950, np.nan, np.nan], [100, 2030, np.nan, np.nan])
    clf = _private(bounds=given).fit(X, y)
    np.testing.assert_array_equal(clf.bounds_[0], given[0])
    assert clf.score(*unseen) > 0.75
    found = _private().fit(X, y).bounds_
    assert np.isnan(found[0][2:]).all()
    assert 1700 < found[0][1] < 1980 < 2000 < found[1][1] < 2100


def test_few_rows_and_many_columns_share_one_range():
    random = np.random.default_rng(0)
    X = random.uniform(0, 16, (700, 80))
    clf = _private().fit(X, (X[:, 0] > 8).astype(int))
    least, greatest = clf.bounds_
    assert len(set(least)) == len(set(greatest)) == 1
    assert least[0] == 0
    assert 13 <= greatest[0] <= 32


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ({"nothing": "nominal"}, "the key 'nothing'"),
        (["nominal"], "1 of them"),
        ("nominal", "'nominal'"),
        ({"town": "text"}, "Got 'text' for the feature 'town'"),
        ({"town": []}, "Got \\[\\] for the feature 'town'"),
        ({"town": "continuous"}, "The feature 'town' is taken for numbers"),
    ],
)
def test_types_that_mean_nothing(table, types, words):
    with pytest.raises(ValueError, match=words):
        _private(feature_types=types).fit(*table)


@pytest.mark.parametrize("bounds", [(1, 0), (0, np.nan), ([0, 0], [1, 1]), 3])
def test_bounds_that_mean_nothing(table, bounds):
    with pytest.raises(ValueError, match="'bounds' parameter must be"):
        _private(bounds=bounds).fit(*table)


def test_text_in_an_array_is_named():
    X = np.array([["a", 1.0], ["b", 2.0]] * 20, dtype=object)
    y = [0, 1] * 20
    with pytest.raises(ValueError, match=r"'0' is taken for numbers.*'feature_types'"):
        _private().fit(X, y)
    clf = _private(feature_types={0: ["a", "b"]}, epsilon=50).fit(X, y)
    assert clf.score(X, y) == 1.0


# Parameters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [{"max_iter": 50}, {"learning_rate": 0.5}, {"monotonic_cst": [1, 0, 0, 0]}],
)
def test_parameters_that_would_be_dropped_are_refused(table, params):
    estimator = HistGradientBoostingClassifier(**params)
    with pytest.raises(ValueError, match=f"{next(iter(params))!r} parameter"):
        _private(estimator).fit(*table)


def test_class_weight(table, unseen):
    X, y = table
    rare = np.flatnonzero((y == "no") | (np.arange(len(y)) % 8 == 0))
    X, y = X.iloc[rare], y[rare]
    plain, heavy, balanced = (
        _private(HistGradientBoostingClassifier(class_weight=weight))
        .fit(X, y)
        .predict_proba(unseen[0])[:, 1]
        .mean()
        for weight in (None, {"yes": 5.0}, "balanced")
    )
    assert plain + 0.1 < min(heavy, balanced)
    with pytest.raises(ValueError, match="'class_weight' parameter must be"):
        _private(HistGradientBoostingClassifier(class_weight={"other": 2})).fit(X, y)


def test_sample_weight(table, unseen):
    """Up to a public maximum; a weight of 0 is as if the row were not there."""
    X, y = table
    weight = np.where(y == "yes", 1.0, 4.0)
    proba = [
        _private(max_sample_weight=most)
        .fit(X, y, sample_weight=weight)
        .predict_proba(unseen[0])[:, 1]
        .mean()
        for most in (1.0, 4.0)
    ]
    assert proba[1] < proba[0] - 0.1
    plain = _private().fit(X, y).predict_proba(unseen[0])
    assert proba[0] == plain[:, 1].mean()
    half = np.arange(len(y)) % 2
    ours = _private().fit(X, y, sample_weight=half)
    theirs = _private().fit(X[half == 1], y[half == 1])
    np.testing.assert_array_equal(
        ours.predict_proba(unseen[0]), theirs.predict_proba(unseen[0])
    )


def test_what_is_spent(table):
    clf = _private(epsilon=2.0, delta=1e-6).fit(*table)
    assert clf.mechanism_ == "boosting"
    assert (clf.spent_epsilon_, clf.spent_delta_) == (2.0, 1e-6)
    with pytest.raises(ValueError, match="'delta' parameter must be above 0"):
        _private(delta=0).fit(*table)


def test_replacing_and_persons_cost_more(table, unseen):
    X = unseen[0]
    loss = [
        log_loss(unseen[1], _private(epsilon=0.3, **p).fit(*table).predict_proba(X))
        for p in ({}, {"neighbors": "replace"}, {"group_size": 8})
    ]
    assert loss[0] < loss[1] < loss[2]


# The fitted object -------------------------------------------------------------------


def test_noise_differs_without_a_seed(table, unseen):
    one, other = (_private(random_state=None).fit(*table) for _ in range(2))
    ours, theirs = one.predict_proba(unseen[0]), other.predict_proba(unseen[0])
    assert (ours != theirs).mean() > 0.99


def test_the_model_holds_tables_and_no_rows(table, unseen):
    """No counts, no noise, no generator, no names of categories."""
    clf = _private().fit(*table)
    held = vars(clf.estimator_)
    assert set(held) == {
        "n_features_in_",
        "feature_names_in_",
        "classes_",
        "bins_",
        "intercept_",
        "term_scores_",
    }
    data = pickle.dumps(clf.estimator_)
    assert len(data) < 60_000
    assert b"dogwood" not in data
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(
        again.predict_proba(unseen[0]), clf.predict_proba(unseen[0])
    )


def test_frames_of_other_columns_are_refused(table):
    clf = _private().fit(*table)
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(table[0].rename(columns={"town": "city"}))
    numbers = table[0][["size", "year"]].to_numpy()
    with pytest.raises(ValueError, match="has 1 features"):
        _private().fit(numbers, table[1]).predict(numbers[:, :1])


def test_pipelines(table, unseen):
    """Rows of numbers after a private scaler; frames after a step by rows."""
    numbers = make_column_selector(dtype_include=float)(table[0])
    X, y = table[0][numbers].fillna(2000), table[1]
    scaled = make_pipeline(StandardScaler(), HistGradientBoostingClassifier())
    clf = _private(scaled, epsilon=4.0).fit(X, y)
    assert clf.score(unseen[0][numbers].fillna(2000), unseen[1]) > 0.65
    by_row = make_pipeline(
        FunctionTransformer(_log_size), HistGradientBoostingClassifier()
    )
    assert _private(by_row).fit(*table).score(*unseen) > 0.75


def _log_size(X):
    return X.assign(size=np.log(X["size"]))


@pytest.mark.parametrize(
    "learner", ["xgboost.XGBClassifier", "lightgbm.LGBMClassifier"]
)
def test_boosters_of_others(table, unseen, learner):
    package, name = learner.split(".")
    estimator = getattr(pytest.importorskip(package), name)()
    clf = _private(estimator).fit(*table)
    assert clf.score(*unseen) > 0.75
    with pytest.raises(ValueError, match="'n_estimators' parameter"):
        _private(clone(estimator).set_params(n_estimators=7)).fit(*table)


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator", [HistGradientBoostingClassifier(), GradientBoostingClassifier()]
)
def test_check_estimator(estimator):
    check_estimator(_private(estimator))
