"""Rows, and a classifier that tells what it was fitted on.

Files with rows of their own say so with a fixture of the same name.
"""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin


class Spy(ClassifierMixin, BaseEstimator):
    """Says 1 of its first class for a row that it has seen, and of its last else.

    A row is told by its first feature.
    """

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.seen_ = set(np.asarray(X)[:, 0])
        return self

    def predict_proba(self, X):
        proba = np.zeros((len(X), len(self.classes_)))
        seen = np.isin(np.asarray(X)[:, 0], list(self.seen_))
        proba[np.arange(len(X)), np.where(seen, 0, -1)] = 1
        return proba

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture
def data():
    """Three classes with text labels, 10, 20 and 30 rows, far apart."""
    rng = np.random.RandomState(0)
    y = np.repeat([2, 0, 1], [10, 20, 30])
    X = rng.randn(60, 4) + 4 * np.eye(3, 4)[y]
    return X, np.array(["pear", "fig", "apple"])[y]


@pytest.fixture
def spy():
    return Spy()
