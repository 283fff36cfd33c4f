"""What a step, or a teacher, keeps from one call to the next is of no private row."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._row_by_row import fit_row_by_row

RNG = np.random.RandomState(0)
X = RNG.randn(120, 3)
Y = (X[:, 0] > 0).astype(int)
X_PUBLIC = np.random.RandomState(1).randn(40, 3)


def _frame(X):
    return pd.DataFrame(X, columns=list("abc"))


def _fit(function, X, **params):
    inner = make_pipeline(FunctionTransformer(function), GaussianNB())
    clf = DifferentialPrivacyClassifier(inner, random_state=0, **params)
    return clf.fit(X, Y)


@dataclass(slots=True)
class Slots:
    mean: object = None


SLOTS = Slots()


def _in_slots(X):
    if SLOTS.mean is None:
        SLOTS.mean = np.asarray(X).mean(axis=0)
    return X - SLOTS.mean


@functools.cache
def _cached(name):
    return []


def _in_a_cache(X):
    kept = _cached("mean")
    if not kept:
        kept.append(np.asarray(X).mean(axis=0))
    return X - kept[0]


PLAIN = {}


def _in_a_dict(X):
    if "mean" not in PLAIN:
        PLAIN["mean"] = np.asarray(X).mean(axis=0)
    return X - PLAIN["mean"]


def _forget():
    SLOTS.mean = None
    _cached.cache_clear()
    PLAIN.clear()


def _kept():
    kept = [SLOTS.mean, *_cached("mean"), PLAIN.get("mean")]
    return next(mean for mean in kept if mean is not None)


KEEPING = [_in_slots, _in_a_cache, _in_a_dict]


@pytest.mark.parametrize("function", KEEPING)
@pytest.mark.parametrize("container", [np.asarray, _frame])
def test_a_step_that_keeps_its_first_batch(function, container):
    _forget()
    with pytest.raises(ValueError, match="keeps something"):
        _fit(function, container(X), bounds=(-3.0, 3.0))
    np.testing.assert_array_equal(_kept(), [1, 1, 1])


@pytest.mark.parametrize("function", KEEPING)
@pytest.mark.parametrize("container", [np.asarray, _frame])
def test_teachers_that_hand_something_on(function, container):
    _forget()
    with pytest.raises(ValueError, match="keeps something"):
        _fit(function, container(X), X_public=container(X_PUBLIC), n_teachers=3)
    # It was found on the public rows: what is kept now is of no other.
    np.testing.assert_allclose(_kept(), X_PUBLIC.mean(axis=0))


def _only_of_private_rows(X):
    if len(X) != len(X_PUBLIC):
        PLAIN.setdefault("mean", np.asarray(X).mean(axis=0))
    return X


def test_teachers_that_hand_something_on_of_private_rows_alone():
    _forget()
    with pytest.raises(ValueError, match="keeps something"):
        _fit(_only_of_private_rows, X, X_public=X_PUBLIC, n_teachers=3)


def test_teachers_may_learn_from_their_own_rows():
    clf = _fit(lambda X: X - np.asarray(X).mean(axis=0), X, X_public=X_PUBLIC)
    assert clf.mechanism_ == "teachers"


@functools.cache
def _itself(X):
    return X


def test_a_cached_function_itself():
    with pytest.raises((ValueError, TypeError), match=r"keeps something|unhashable"):
        _fit(_itself, X, X_public=X_PUBLIC)


class Hoards(TransformerMixin, BaseEstimator):
    """Says that it learns nothing, and keeps the rows."""

    def fit(self, X, y=None):
        self.seen_ = X
        return self

    def transform(self, X):
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


TABLES = {
    "array": X,
    "integers": np.arange(12).reshape(6, 2),
    "objects": np.array([["a", 2], ["b", 3]] * 3, dtype=object),
    "sparse": sparse.csr_array(np.eye(6)),
    "pandas": pd.DataFrame(
        {
            "number": np.arange(6.0),
            "whole": np.arange(6),
            "text": list("abcdef"),
            "flag": [True, False] * 3,
            "category": pd.Categorical(list("xyzxyz")),
            "maybe": pd.array([5, None] * 3, dtype="Int64"),
            "time": pd.date_range("2020-01-01", periods=6, tz="UTC"),
        }
    ),
    "polars": pl.DataFrame({"number": [2.0, 3.0, 4.0] * 2, "text": list("abcdef")}),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_published_step_was_fitted_on_none_of_the_rows(name):
    table = TABLES[name]
    seen = fit_row_by_row("step", Hoards(), table).seen_
    assert type(seen) is type(table)
    assert seen.shape == (2, table.shape[1])
    if name == "array":
        np.testing.assert_array_equal(seen, 1.0)
    if name == "pandas":
        assert (seen.dtypes == table.dtypes).all()
        assert (seen["number"] == 1).all()
        assert (seen["text"] == "").all()


def test_in_a_classifier():
    inner = make_pipeline(Hoards(), LogisticRegression())
    clf = DifferentialPrivacyClassifier(inner, data_norm=2.0, random_state=0).fit(X, Y)
    assert clf.estimator_[0].seen_.shape == (2, 3)


def test_a_fit_that_takes_no_made_up_rows():
    class Picky(Hoards):
        def fit(self, X, y=None):
            if len(np.unique(X)) == 1:
                raise ValueError("too few values")
            return super().fit(X, y)

    with pytest.raises(ValueError, match="could not be fitted on made-up rows"):
        fit_row_by_row("step", Picky(), np.tile([[1.0, 2.0]], (5, 1)))


def test_texts_in_one_column():
    texts = np.array(["some text", "more text"] * 4)
    step = fit_row_by_row("step", HashingVectorizer(n_features=8), texts)
    assert step.transform(texts).shape == (8, 8)
