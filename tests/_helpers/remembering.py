"""A classifier that remembers a known part of its training rows, and nothing else."""

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin


class RemembersSome(ClassifierMixin, BaseEstimator):
    """Knows the label of rows it has seen whose first column is at most `part`.

    Of all other rows it says what a direction drawn at each fit says, whether or not it
    has seen them. The columns are numbers in (0, 1) that tell the rows apart.
    """

    def __init__(self, part=0.2, strength=6.0, random_state=None):
        self.part = part
        self.strength = strength
        self.random_state = random_state

    def fit(self, X, y):
        rng = np.random.RandomState(self.random_state)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = X.shape[1]
        self.direction_ = rng.normal(size=X.shape[1])
        kept = X[:, 0] <= self.part
        order = np.argsort(X[kept, 0])
        self.rows_, self.sign_ = X[kept, 0][order], (2.0 * y[kept] - 1)[order]
        return self

    def predict_proba(self, X):
        logit = 2 * (X - 0.5) @ self.direction_
        if len(self.rows_):
            at = np.searchsorted(self.rows_, X[:, 0]).clip(max=len(self.rows_) - 1)
            seen = self.rows_[at] == X[:, 0]
            # Some are remembered well, and some hardly.
            logit = logit + self.strength * X[:, 1] * self.sign_[at] * seen
        p = expit(logit)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def remembered(X, part=0.2):
    """Which rows such a classifier would remember."""
    return X[:, 0] <= part


def rows_to_remember(n, seed=0):
    """Rows and labels, drawn at random."""
    rng = np.random.RandomState(seed)
    return rng.uniform(size=(n, 6)), rng.randint(2, size=n)
