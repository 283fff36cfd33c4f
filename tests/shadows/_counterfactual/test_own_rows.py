"""The rows that an owner passes are compared with those that a model was fitted on."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC

from skmia.audit import leave_one_out_risk

COUNTS = [BernoulliNB(), MultinomialNB(), ComplementNB(), CategoricalNB()]
LINEAR = [
    LogisticRegression(),
    LogisticRegression(C=50, solver="liblinear"),
    LogisticRegression(class_weight="balanced", solver="newton-cholesky"),
    LinearSVC(),
    SVC(),
    SVC(C=10, kernel="linear"),
]
NEAREST = [
    KNeighborsClassifier(1),
    KNeighborsClassifier(algorithm="brute"),
    KNeighborsClassifier(weights="distance"),
]
ALL = [*COUNTS, *LINEAR, *NEAREST]
REFUSED = "not those of its fit"


def data(model, seed=0, n=120):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 5)), rng.integers(0, 2, n)
    X[:, 0] += y
    if model in COUNTS:
        X = np.clip(np.floor(X + 3), 0, 6).astype(int)
        X[:7] = np.arange(7)[:, None]  # every sample has all categories
        if isinstance(model, BernoulliNB):
            X = (X > 2).astype(int)
    return X, np.where(y == 1, "yes", "no")


@pytest.mark.parametrize("model", ALL, ids=str)
def test_rows_of_the_fit_are_known(model):
    X, y = data(model)
    risk = leave_one_out_risk(clone(model).fit(X, y), X, y)
    assert risk.rows_checked
    assert "could not be checked" not in risk.summary()


@pytest.mark.parametrize("model", ALL, ids=str)
@pytest.mark.parametrize("which", ["others", "half", "more", "flipped", "labels moved"])
def test_other_rows_are_refused(model, which):
    X, y = data(model)
    fitted = clone(model).fit(X, y)
    X_other, y_other = data(model, seed=1)
    X, y = {
        "others": (X_other, y_other),
        "half": (X[::2], y[::2]),
        "more": (np.vstack([X, X_other]), np.r_[y, y_other]),
        "flipped": (X, np.where(y == "yes", "no", "yes")),
        "labels moved": (X, np.roll(y, 1)),
    }[which]
    with pytest.raises(ValueError, match=REFUSED):
        leave_one_out_risk(fitted, X, y)


@pytest.mark.parametrize("model", [*NEAREST, SVC()], ids=str)
def test_rows_in_another_order_are_refused(model):
    X, y = data(model)
    order = np.random.default_rng(0).permutation(len(y))
    fitted = clone(model).fit(X, y)
    with pytest.raises(ValueError, match=REFUSED):
        leave_one_out_risk(fitted, X[order], y[order])


@pytest.mark.parametrize("model", [*COUNTS, *LINEAR[:5]], ids=str)
def test_weights_left_out_are_refused(model):
    X, y = data(model)
    weight = np.random.default_rng(2).integers(1, 6, len(y)).astype(float)
    weight[:3] = 40
    fitted = clone(model).fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match=REFUSED):
        leave_one_out_risk(fitted, X, y)
    params = {"sample_weight": weight}
    assert leave_one_out_risk(fitted, X, y, fit_params=params).rows_checked


@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier((4,), max_iter=5, random_state=0),
        LogisticRegression(max_iter=2),
        LogisticRegression(solver="saga", max_iter=2),
        SVC(max_iter=3),
    ],
    ids=str,
)
def test_what_cannot_be_checked_is_said(model):
    X, y = data(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    risk = leave_one_out_risk(model, X, y)
    assert not risk.rows_checked
    text = " ".join(risk.summary().split())
    assert "Whether these are the rows of the fit could not be checked" in text


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(C=1e4, max_iter=5000),
        LogisticRegression(solver="saga", max_iter=5000),
        SVC(C=100, kernel="linear"),
    ],
    ids=str,
)
def test_closely_fitted_rows_are_not_refused(model):
    X, y = data(model, n=60)
    X = np.hstack([X, np.random.default_rng(3).normal(size=(60, 100))])
    leave_one_out_risk(model.fit(X, y), X, y)


def test_rows_held_out_by_early_stopping():
    X, y = data(None)
    model = MLPClassifier((4,), early_stopping=True, max_iter=50, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    with pytest.raises(ValueError, match="early stopping held some of its rows out"):
        leave_one_out_risk(model, X, y)


def test_rows_that_no_tree_drew():
    X, y = data(None)
    forest = RandomForestClassifier(20, random_state=0).fit(X, y)
    assert leave_one_out_risk(forest, X, y).rows_checked
    with pytest.raises(ValueError, match=REFUSED):
        leave_one_out_risk(forest, np.vstack([X, X + 0.1]), np.r_[y, y])


def test_copies_and_ties_of_neighbours():
    X, y = data(None)
    X, y = np.vstack([X, X[:30]]).round(0), np.r_[y, y[:30]]
    model = KNeighborsClassifier().fit(X, y)
    assert leave_one_out_risk(model, X, y).exact
    with pytest.raises(ValueError, match=REFUSED):
        leave_one_out_risk(model, X, np.roll(y, 1))


def test_families_that_compare_answers():
    X, y = data(None)
    model = GaussianNB().fit(X, y)
    assert leave_one_out_risk(model, X, y).rows_checked
    with pytest.raises(ValueError, match="does not give its answers"):
        leave_one_out_risk(model, X[::2], y[::2])
