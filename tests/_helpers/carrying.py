"""Classifiers that hold others in ways that scikit-learn's ``clone`` does not unfit."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state


class MeanOfMany(ClassifierMixin, BaseEstimator):
    """The mean of the classifiers in a list or a dict."""

    def __init__(self, models=()):
        self.models = models

    def fit(self, X, y):
        held = self.models.values() if isinstance(self.models, dict) else self.models
        self.models_ = [clone(model).fit(X, y) for model in held]
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.mean([model.predict_proba(X) for model in self.models_], axis=0)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class FittedOnce(DecisionTreeClassifier):
    """Pre-trained by its own account: cloning returns it, and fit does nothing."""

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y):
        return self if hasattr(self, "classes_") else super().fit(X, y)


class AskingOther:
    """An object of no library, which answers with a model that it holds."""

    def __init__(self, model):
        self.model = model

    def __call__(self, X):
        return self.model.predict_proba(X)


class Remembered:
    """Where a function finds a model that no walk through the function reaches."""

    models = {}  # noqa: RUF012


def ask_remembered(X):
    # As a function does that loads a model from a file.
    return __import__(__name__, fromlist=["x"]).Remembered.models["x"](X)


class DrawsFromGlobal(GaussianNB):
    """Fits on rows that NumPy's global generator draws."""

    def fit(self, X, y):
        rows = check_random_state(None).randint(len(y), size=len(y))
        return super().fit(X[rows], y[rows])


def frozen(model):
    return FrozenEstimator(model)
