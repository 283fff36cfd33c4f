"""Classifiers with a property that a test needs; picklable by name."""

from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier


class LabelsOnly(ClassifierMixin, BaseEstimator):
    """A classifier that answers with labels and nothing else, and notes its calls."""

    def __init__(self, classifier=None):
        self.classifier = classifier

    def fit(self, X, y):
        classifier = self.classifier
        if classifier is None:
            classifier = DecisionTreeClassifier(random_state=0)
        self.fitted_ = clone(classifier).fit(X, y)
        self.classes_ = self.fitted_.classes_
        self.calls_ = []
        return self

    def predict(self, X):
        self.calls_.append(X)
        return self.fitted_.predict(X)


class MaskedProba(LabelsOnly):
    """One that masks its confidences and keeps its labels."""

    def __init__(self, classifier=None, mask="constant"):
        super().__init__(classifier)
        self.mask = mask

    def predict_proba(self, X):
        proba = self.fitted_.predict_proba(X)
        if self.mask == "constant":
            return np.full_like(proba, 1 / proba.shape[1])
        return np.eye(proba.shape[1])[proba.argmax(axis=1)]


class NeverFitted(GaussianNB):
    """For what has to be refused before anything is fitted."""

    def fit(self, X, y):
        raise AssertionError("nothing may be fitted")


class NotedBayes(GaussianNB):
    """Notes what every copy of it is fitted on, in this process."""

    fits: ClassVar[list] = []

    def fit(self, X, y, sample_weight=None):
        NotedBayes.fits.append((np.array(X), np.array(y), sample_weight))
        return super().fit(X, y, sample_weight)


class NotedTree(DecisionTreeClassifier):
    """Notes what every copy of it is fitted on, in this process."""

    fits: ClassVar[list] = []

    def fit(self, X, y):
        NotedTree.fits.append((np.array(X), np.array(y)))
        return super().fit(X, y)


class ReversedClasses(LabelsOnly):
    """Keeps its classes in another order than NumPy's."""

    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X):
        return self.fitted_.predict_proba(X)[:, ::-1]


class SpyClassifier(ClassifierMixin, BaseEstimator):
    """Gives 1 to its first class for a row that it has seen, and to its last else.

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


class SoftLabelEcho(ClassifierMixin, BaseEstimator):
    """Remembers the soft label of each row: the weights of its copies.

    Of rows that it was not fitted on it knows nothing but how sure to be of the first
    of two classes: their second feature.
    """

    def fit(self, X, y, sample_weight=None):
        X = np.asarray(X)
        self.classes_, column = np.unique(y, return_inverse=True)
        self.rows_, row = np.unique(X[:, 0], return_inverse=True)
        self.labels_ = np.zeros((len(self.rows_), len(self.classes_)))
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        np.add.at(self.labels_, (row, column), weight)
        return self

    def predict_proba(self, X):
        X = np.asarray(X)
        at = np.searchsorted(self.rows_, X[:, 0]).clip(max=len(self.rows_) - 1)
        known = self.rows_[at] == X[:, 0]
        if known.all():
            return self.labels_[at]
        sure = np.column_stack([X[:, 1], 1 - X[:, 1]])
        return np.where(known[:, None], self.labels_[at], sure)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
