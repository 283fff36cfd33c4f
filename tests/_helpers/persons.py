"""Persons with several rows each, whose rows resemble each other."""

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin


def persons_of(sizes, seed=0, n_features=20, within=0.5, by_row=True):
    """Rows of persons around a centre each, with labels drawn at random.

    Returns X, y and the number of each row's person. Labels are drawn `by_row`, or one
    for a person.
    """
    rng = np.random.RandomState(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), n_features))
    X = centres[groups] + within * rng.normal(size=(len(groups), n_features))
    labels = rng.randint(2, size=len(groups) if by_row else len(sizes))
    return X, labels if by_row else labels[groups], groups


def split(groups, seed=0, fraction=0.5):
    """Rows of a random part of the persons, whole."""
    names = np.random.RandomState(seed).permutation(np.unique(groups))
    return np.isin(groups, names[: round(fraction * len(names))])


def sides(X, y, groups, member):
    """What an audit is given, and its pair of groups."""
    return (X[member], y[member], X[~member], y[~member]), (
        groups[member],
        groups[~member],
    )


class IgnoresItsData(ClassifierMixin, BaseEstimator):
    """Draws a direction at each fit and learns nothing: there is nothing to find."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        rng = np.random.RandomState(self.random_state)
        self.classes_ = np.unique(y)
        self.direction_ = rng.normal(size=X.shape[1]) / np.sqrt(X.shape[1])
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        p = expit(2 * X @ self.direction_)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
