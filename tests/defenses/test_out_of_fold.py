"""Predictions out of fold: no row, nor a copy of it, was seen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses._out_of_fold import out_of_fold_proba


def run(estimator, X, y, classes, seed=0, **settings):
    return out_of_fold_proba(
        estimator,
        X,
        y,
        np.asarray(classes),
        random_state=np.random.RandomState(seed),
        **settings,
    )


def test_a_row_is_not_remembered():
    """A tree knows what it has seen, and labels by chance nothing else."""
    rng = np.random.RandomState(0)
    X, y = rng.randn(400, 3), rng.randint(2, size=400)
    proba = run(DecisionTreeClassifier(), X, y, ["a", "b"])
    hits = proba[np.arange(400), y].mean()
    assert abs(hits - 0.5) < 4 * 0.5 / np.sqrt(400)


def test_copies_share_a_fold():
    rng = np.random.RandomState(0)
    X, y = rng.randn(100, 3), rng.randint(2, size=100)
    X, y = np.tile(X, (4, 1)), np.tile(y, 4)
    proba = run(DecisionTreeClassifier(), X, y, ["a", "b"])
    assert (proba.reshape(4, 100, 2) == proba[:100]).all()
    assert abs(proba[np.arange(400), y].mean() - 0.5) < 4 * 0.5 / np.sqrt(100)


def test_folds_are_stratified_and_columns_aligned():
    y = np.repeat([0, 1, 2], [50, 10, 1])
    X = np.eye(3)[y] + 1e-9 * np.arange(61)[:, None]
    proba = run(KNeighborsClassifier(1), X, y, ["c", "a", "b"])
    # Every fold leaves rows of the first two classes to learn from.
    assert (proba[:60].argmax(axis=1) == y[:60]).all()
    # The single row of its class is unknown to the only model that is asked.
    assert proba[60, 2] == 0
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_metadata_and_frames():
    rng = np.random.RandomState(0)
    X, y = rng.randn(80, 2), np.arange(80) % 2
    frame = pd.DataFrame(X, columns=["u", "v"])
    weight = np.where(y == 1, 1.0, 0.01)
    params = {"sample_weight": weight}
    proba = run(LogisticRegression(), frame, y, [0, 1], params=params)
    assert proba[:, 1].mean() > 0.9
    np.testing.assert_allclose(
        proba, run(LogisticRegression(), X, y, [0, 1], params=params)
    )


def test_a_class_that_leaves_one_alone_is_an_error():
    X, y = np.arange(10.0)[:, None], np.r_[np.zeros(9, int), 1]
    with pytest.raises(ValueError, match="with 1 of the rarest class"):
        run(LogisticRegression(), X, y, ["a", "b"])
