"""The privacy loss of whole fits, computed and not estimated.

A fit publishes exact sums with Gaussian noise, and nothing else of the rows. It is run
on one data set and its answers are kept. On a neighbour it is run again, and every
answer is replaced by the kept one: all that follows is then the same, and each exact
sum differs by what the neighbours differ in there. Gaussian mechanisms that are adapted
to earlier answers add up in squares: the loss of the pair is, for this very course of
the fit, ``sqrt(sum of (difference / deviation of the noise)^2)``. It must not exceed
``mu_`` whatever the rows are, and a row at the clip should come near.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private import _gaussian_queries
from skmia.defenses._private._gradient import (
    _descent,
    _network_descent,
    _preparation,
)

# Networks start with the same weights, which do not come from the rows: with a seed of
# their own, since rows of persons are chosen from the generator that is shared else.
LEARNERS = [
    pytest.param(LogisticRegression(), id="logistic"),
    pytest.param(MLPClassifier((5,), random_state=0), id="network"),
    pytest.param(
        MLPClassifier((5, 4), activation="tanh", random_state=0), id="deeper network"
    ),
]
MODULES = (_gaussian_queries, _preparation, _descent, _network_descent)


class Answers:
    """Keeps the noisy answers of a first fit, and gives them to a second one."""

    def __init__(self, monkeypatch):
        self.kept, self.again, self.squares = [], None, 0.0
        self._noisy = _network_descent.add_gaussian
        for module in MODULES:
            monkeypatch.setattr(module, "add_gaussian", self.add_gaussian)

    def add_gaussian(self, sums, scale, source):
        answer = self._noisy(sums, scale, source)  # drawn in the second fit as well
        if self.again is None:
            self.kept.append((np.array(sums), scale, answer))
            return answer
        before, before_scale, answer = next(self.again)
        assert scale == before_scale  # depends on answers alone
        self.squares += float(np.square((sums - before) / scale).sum())
        return answer

    def loss(self, fit, one, other):
        """The loss between the fits on two data sets, and the first one's promise."""
        mu = fit(*one).mu_
        self.again = iter(self.kept)
        fit(*other)
        assert next(self.again, None) is None  # as many answers
        return np.sqrt(self.squares), mu


def rows(rng, n=60, d=4, n_classes=3):
    X = rng.normal(size=(n, d)) + 1
    return X, rng.permutation(np.arange(n) % n_classes)


def fit_of(learner, **params):
    def fit(X, y, **more):
        clf = DifferentialPrivacyClassifier(
            learner, epsilon=2.0, random_state=0, **params
        )
        return clf.fit(X, y, **more)

    return fit


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("length", [0.0, 1.0, 1e3])
def test_a_row_more(monkeypatch, learner, length):
    X, y = rows(np.random.RandomState(1))
    X[-1] *= length
    loss, mu = Answers(monkeypatch).loss(fit_of(learner), (X, y), (X[:-1], y[:-1]))
    assert 0.3 * mu < loss <= mu


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_replaced_row(monkeypatch, learner):
    X, y = rows(np.random.RandomState(2))
    other_X, other_y = X.copy(), y.copy()
    other_X[-1], other_y[-1] = -X[-1], (y[-1] + 1) % 3
    loss, mu = Answers(monkeypatch).loss(
        fit_of(learner, neighbors="replace"), (X, y), (other_X, other_y)
    )
    assert 0.5 * mu < loss <= mu


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_person_more(monkeypatch, learner):
    X, y = rows(np.random.RandomState(3))
    groups = np.arange(60) // 3
    X[-3:], y[-3:] = X[-1], y[-1]  # all rows of the last one point the same way

    def fit(X, y, groups):
        return fit_of(learner, group_size=3)(X, y, groups=groups)

    loss, mu = Answers(monkeypatch).loss(
        fit, (X, y, groups), (X[:-3], y[:-3], groups[:-3])
    )
    assert 0.5 * mu < loss <= mu


@pytest.mark.parametrize("learner", LEARNERS)
def test_rows_of_a_person_by_a_promise(monkeypatch, learner):
    X, y = rows(np.random.RandomState(4))
    X[-2:], y[-2:] = X[-1], y[-1]
    loss, mu = Answers(monkeypatch).loss(
        fit_of(learner, group_size=2), (X, y), (X[:-2], y[:-2])
    )
    assert 0.3 * mu < loss <= mu


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_row_of_the_greatest_weight(monkeypatch, learner):
    X, y = rows(np.random.RandomState(5))
    weight = np.ones(60)
    weight[-1] = 50.0

    def fit(X, y, weight):
        return fit_of(learner, max_sample_weight=3.0)(X, y, sample_weight=weight)

    loss, mu = Answers(monkeypatch).loss(
        fit, (X, y, weight), (X[:-1], y[:-1], weight[:-1])
    )
    assert 0.3 * mu < loss <= mu


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_row_at_the_clip_comes_near_the_promise(monkeypatch, learner):
    # Its label is what all others speak against.
    rng = np.random.RandomState(6)
    X = np.abs(rng.normal(size=(200, 4))) + 1
    y = np.r_[np.zeros(190, dtype=int), np.ones(10, dtype=int)]
    X[100:] *= -1
    y[100:190], y[-1] = 1, 1
    X[-1] = 3.0
    loss, mu = Answers(monkeypatch).loss(
        fit_of(learner, data_norm=4.0), (X, y), (X[:-1], y[:-1])
    )
    assert 0.9 * mu < loss <= mu
