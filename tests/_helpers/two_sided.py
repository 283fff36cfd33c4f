"""A learner with a closed form that is exact, and closed forms of it that are not."""

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin


class ClassMeans(ClassifierMixin, BaseEstimator):
    """The nearer the mean of a class, the likelier it is: the means are all it has."""

    def __init__(self, sharpness=1.0, decision=False):
        self.sharpness = sharpness
        self.decision = decision

    def fit(self, X, y, sample_weight=None, shift=None):
        X = np.asarray(X, dtype=float)
        w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight)
        self.classes_ = np.unique(y)
        of = np.asarray(y)[:, None] == self.classes_
        self.weights_ = (of * w[:, None]).sum(axis=0)
        self.means_ = (of * w[:, None]).T @ X / self.weights_[:, None]
        return self

    def predict_proba(self, X):
        return self.answer(np.asarray(X, dtype=float)[:, None, :] - self.means_)

    def answer(self, apart):
        return softmax(-self.sharpness * (apart**2).sum(axis=2), axis=1)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def right(model, rows):
    """What a fit without each member, and with each other record, would answer."""

    def ask(records):
        X = np.asarray(records.X, dtype=float)
        apart = X[:, None, :] - model.means_
        known = records.y >= 0
        mine = np.arange(len(X)), np.maximum(records.y, 0)
        change = np.where(records.inside, -records.weight, records.weight)
        total = model.weights_[mine[1]] + change
        with np.errstate(divide="ignore", invalid="ignore"):
            # x - (W m + c x) / (W + c) = (x - m) W / (W + c)
            apart[mine] *= (model.weights_[mine[1]] / total)[:, None]
        answers = model.answer(apart)
        answers[~known | (np.abs(total) < 1e-9)] = np.nan
        return answers

    return ask


def third(model, rows):
    """A third of the way to it, in logits: right but for its size."""
    whole = right(model, rows)

    def ask(records):
        own, other = np.log(model.predict_proba(records.X)), np.log(whole(records))
        return softmax(own + (other - own) * 0.3, axis=1)

    return ask


def useless(model, rows):
    """Numbers that have nothing to do with the record."""

    def ask(records):
        rng = np.random.default_rng(int(records.X[0, 0] * 1e6) % 2**31)
        own = np.log(model.predict_proba(records.X))
        move = np.where(records.inside, -1, 1) * rng.gamma(1, 0.3, len(own))
        own[np.arange(len(own)), np.maximum(records.y, 0)] += move
        return softmax(own, axis=1)

    return ask
