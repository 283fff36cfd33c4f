"""Shadows that tell both sides of every record: drawn, and of an exact learner."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from skmia.shadows import ShadowSignals, draw_design
from skmia.signals import SIGNALS


class ClassMeans(ClassifierMixin, BaseEstimator):
    """Softmax of the negative squared distances to the means of the classes."""

    def fit(self, X, y):
        X = np.asarray(X, dtype=float)
        self.classes_, column = np.unique(y, return_inverse=True)
        self.counts_ = np.bincount(column)
        self.means_ = np.stack(
            [X[column == k].mean(axis=0) for k in range(column.max() + 1)]
        )
        return self

    def predict_proba(self, X):
        distances = np.asarray(X, dtype=float)[:, None] - self.means_
        return softmax(-np.square(distances).sum(axis=2), axis=1)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def class_means_other_side(model, rows):
    """For ``register_counterfactual(ClassMeans, ..., exact=True)``."""

    def ask(records):
        X, y = np.asarray(records.X, dtype=float), records.y
        sign = np.where(records.inside, -1, 1) * records.count
        moved = model.means_[y] + (sign / (model.counts_[y] + sign))[:, None] * (
            X - model.means_[y]
        )
        distances = np.square(X[:, None] - model.means_).sum(axis=2)
        distances[np.arange(len(y)), y] = np.square(X - moved).sum(axis=1)
        return softmax(-distances, axis=1)

    return ask


def two_sided_world(
    seed, n_shadows, leak, *, n=1000, train_size=0.5, noise=0.0, alike=0.0
):
    """Shadows with both sides, the target's answers, labels and membership.

    `leak` is what a training adds to a logit, `noise` the error of the closed form,
    and `alike` the part of the spread in which a shadow and its complement differ from
    the mean by opposite amounts, as those of a smooth learner do.
    """
    rng = np.random.RandomState(seed)
    y = rng.randint(2, size=n)
    place, spread = 2 * rng.randn(n), np.exp(0.5 * rng.randn(n))
    gap = leak * rng.exponential(size=n)
    member = draw_design(y, n_shadows, train_size, rng)
    mine = draw_design(y, 1, train_size, rng)[0]
    common = rng.randn(n_shadows, n)
    pairs = n_shadows // 2 * 2
    if train_size == 0.5:
        common[1:pairs:2] = -common[0:pairs:2]

    def located(parts, own):
        return place + spread * (np.sqrt(alike) * parts + np.sqrt(1 - alike) * own)

    base = located(common, rng.randn(n_shadows, n))
    error = noise * rng.randn(n_shadows, n)
    told = base + gap * member
    other = base + gap * ~member + error
    target = located(rng.randn(n), rng.randn(n)) + gap * mine

    def answers(logit):
        second = expit(np.where(y == 1, logit, -logit))
        return np.stack([1 - second, second], axis=-1)

    def signals(logits):
        return {
            name: np.stack([SIGNALS[name](answers(one), y) for one in logits])
            for name in ("logit", "hinge", "entropy", "modified_entropy")
        }

    shadows = ShadowSignals(signals(told), member, other=signals(other))
    return shadows, answers(target), y, mine
