"""Labels, types of columns and public rows that would tell of one row."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from xgboost import XGBClassifier

from skmia.defenses import DifferentialPrivacyClassifier

RNG = np.random.RandomState(0)
X = RNG.randn(120, 3)
Y = (X[:, 0] > 0).astype(int)
OTHER = np.random.RandomState(1).randn(40, 3)


def teachers(X_public, estimator=None, **params):
    return DifferentialPrivacyClassifier(
        KNeighborsClassifier() if estimator is None else estimator,
        **{"epsilon": 50.0, "random_state": 0, "n_teachers": 3} | params,
        X_public=X_public,
    )


@pytest.mark.parametrize(
    "public", [X, X[::-1], X[:3], np.vstack([X[:25], OTHER[:20]]), X.tolist()]
)
def test_public_rows_that_are_the_private_ones(public):
    with pytest.raises(ValueError, match=r"among the rows of X: the student"):
        teachers(public).fit(X, Y)


@pytest.mark.parametrize("public", [OTHER, np.vstack([X[:15], OTHER[:20]])])
def test_public_rows_that_are_others(public):
    assert teachers(public).fit(X, Y).mechanism_ == "teachers"


def test_equal_contents_by_chance_are_taken():
    rng = np.random.RandomState(0)
    rows, public = rng.randint(2, size=(200, 3)), rng.randint(2, size=(60, 3))
    clf = teachers(public, LogisticRegression())
    assert clf.fit(rows, rows[:, 0]).mechanism_ == "teachers"
    with pytest.raises(ValueError, match="among the rows of X"):
        teachers(rows, LogisticRegression()).fit(rows, rows[:, 0])


class Named(str):
    """A text with an attribute of its own."""

    __slots__ = ("note",)


@pytest.mark.parametrize("public", [None, OTHER])
def test_labels_are_plain(public):
    labels = [Named(name) for name in np.array(["a", "b"])[Y]]
    for label in labels:
        label.note = "secret"
    labels = np.array(labels, dtype=object)
    params = {"epsilon": 50.0, "random_state": 0, "X_public": public}
    if public is None:
        params["bounds"] = (-3.0, 3.0)
    clf = DifferentialPrivacyClassifier(GaussianNB(), **params).fit(X, labels)
    assert [type(label) for label in clf.classes_.tolist()] == [str, str]
    assert b"secret" not in pickle.dumps(clf)
    assert set(clf.predict(X)) == {"a", "b"}


def test_teachers_of_xgboost_may_lack_a_class():
    y = np.where(np.arange(len(Y)) < 40, 2, Y)
    clf = teachers(OTHER, XGBClassifier(n_estimators=2), epsilon=1000.0)
    assert clf.fit(X, y).classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="can only learn from the numbers 0, 1"):
        clf.fit(X, np.array(["a", "b", "c"])[y])
    # Teachers that do not know of class 1, which then has no votes.
    rare = 2 * Y
    rare[100] = 1
    with pytest.raises(ValueError, match="without a gap"):
        clf.fit(X, rare)


@pytest.mark.parametrize("params", [{"is_unbalance": True}, {"scale_pos_weight": 5}])
def test_parameters_that_came_by_kwargs(params):
    (name,) = params
    clf = DifferentialPrivacyClassifier(LGBMClassifier(**params))
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LGBMClassifier"):
        clf.fit(X, Y)


def test_what_is_only_measured_is_taken():
    inner = LGBMClassifier(metric="auc", seed=3)
    DifferentialPrivacyClassifier(inner, random_state=0).fit(X, Y)


def boosted(table, **params):
    inner = HistGradientBoostingClassifier()
    clf = DifferentialPrivacyClassifier(inner, random_state=0, **params)
    return clf.fit(table, Y)


WRONG = {
    "whole": (pd.DataFrame({"g": np.arange(120) % 3}), ["1", "2", "0"]),
    "array": (np.arange(120)[:, None] % 3, ["1", "2", "0"]),
    "polars": (pl.DataFrame({"g": np.arange(120) % 3}), ["1", "2", "0"]),
    "flag": (pd.DataFrame({"g": np.arange(120) % 2 == 0}), ["False", "True"]),
    "category": (pd.DataFrame({"g": pd.Categorical(np.arange(120) % 3)}), ["0"]),
    "text": (pl.DataFrame({"g": ["1", "2"] * 60}), [1, 2]),
}


@pytest.mark.parametrize("name", WRONG)
def test_categories_that_cannot_occur(name):
    table, categories = WRONG[name]
    with pytest.raises(ValueError, match="must list categories as the values"):
        boosted(table, feature_types=[categories])


@pytest.mark.parametrize("name", WRONG)
def test_categories_that_can(name):
    table, _ = WRONG[name]
    boosted(table, feature_types=[["1", "2"] if name == "text" else [0, 1, 2]])


def test_a_missing_value_does_not_change_what_a_column_of_truths_is():
    flags = pd.Series(Y == 1, dtype=object)
    table = pd.DataFrame({"whole": Y == 1, "gap": flags})
    table.loc[3, "gap"] = np.nan
    whole, gap = boosted(table).estimator_.bins_
    assert whole.n_bins == gap.n_bins == 4
    np.testing.assert_array_equal(whole.hashes, gap.hashes)
    assert gap.find(table["gap"])[3] == 3


def test_text_among_truths_is_text():
    table = pd.DataFrame({"mixed": pd.Series(Y == 1, dtype=object)})
    table.loc[3, "mixed"] = "maybe"
    assert boosted(table).estimator_.bins_[0].hashes is None
