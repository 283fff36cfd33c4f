"""LabelSmoothingClassifier: what it trains on, and what that does."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import LabelSmoothingClassifier


def blobs(n_classes, n_each, seed=0):
    rng = np.random.RandomState(seed)
    y = np.repeat(np.arange(n_classes), n_each)
    centers = rng.randn(n_classes, 8) * 4
    return centers[y] + rng.randn(len(y), 8), y


def test_without_smoothing_it_is_the_classifier():
    X, y = blobs(3, 30)
    for inner in (LogisticRegression(), DecisionTreeClassifier(random_state=0)):
        clf = LabelSmoothingClassifier(inner, smoothing=0).fit(X, y)
        np.testing.assert_allclose(
            clf.predict_proba(X), inner.fit(X, y).predict_proba(X), atol=1e-5
        )


@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_tree_answers_with_its_labels(n_classes):
    """Each row in a leaf of its own: the leaf says what the label was."""
    X, y = blobs(n_classes, 20)
    clf = LabelSmoothingClassifier(DecisionTreeClassifier(), smoothing=0.2).fit(X, y)
    expected = np.full((len(y), n_classes), 0.2 / n_classes)
    expected[np.arange(len(y)), y] += 0.8
    np.testing.assert_allclose(clf.predict_proba(X), expected)


def test_many_classes_keep_what_was_spread():
    """With 40 classes only ten copies are made; the mass of the rest is not lost."""
    X, y = blobs(40, 10)
    clf = LabelSmoothingClassifier(
        DecisionTreeClassifier(), smoothing=0.4, random_state=0
    ).fit(X, y)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba[np.arange(len(y)), y], 0.61, atol=1e-12)
    spread = proba.copy()
    spread[np.arange(len(y)), y] = 0
    # 400 rows, each spreads 0.39; its 9 draws come to 0.39 / 9 each. Every class is
    # drawn by 390 rows with probability 9 / 39: 90 draws, +- 8.4.
    draws = spread.sum(axis=0) / (0.39 / 9)
    assert np.abs(draws - 90).max() < 4.5 * 8.4


@pytest.mark.parametrize(
    "inner",
    [
        GaussianNB(),
        KNeighborsClassifier(),
        RandomForestClassifier(n_estimators=10),
        HistGradientBoostingClassifier(max_iter=5),
    ],
)
def test_any_classifier_takes_it(inner):
    X, y = blobs(3, 40)
    clf = LabelSmoothingClassifier(inner, smoothing=0.3, random_state=0).fit(X, y)
    assert clf.score(X, y) > 0.9
    if not isinstance(inner, GaussianNB):  # it models rows, and is as sure as ever
        assert clf.predict_proba(X).max(axis=1).mean() < 0.9


def test_imbalance_and_a_class_of_one_row():
    X, y = blobs(3, 40)
    rows = np.r_[0:40, 40:44, 80]
    clf = LabelSmoothingClassifier(DecisionTreeClassifier()).fit(X[rows], y[rows])
    assert clf.classes_.tolist() == [0, 1, 2]
    assert clf.score(X[rows], y[rows]) == 1


@pytest.mark.parametrize(
    ("smoothing", "error"), [(1, ValueError), (-0.1, ValueError), ("0.1", TypeError)]
)
def test_smoothing_is_checked(smoothing, error):
    X, y = blobs(2, 10)
    with pytest.raises(error, match=r"'smoothing' parameter must be a float in \[0, 1"):
        LabelSmoothingClassifier(smoothing=smoothing).fit(X, y)
