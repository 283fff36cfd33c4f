"""An audit asks the model about each of its rows once, for all attacks."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LossThresholdAttack
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels

DEFAULT = ["loss", "lira", "rmia", "stacked"]
MORE = ["loss", "gap", "lira", "calibrated", "quantile"]


class Counting(ClassifierMixin, BaseEstimator):
    """A classifier that counts the rows that it is asked about; clones start anew."""

    def __init__(self, estimator, noise=0.0):
        self.estimator = estimator
        self.noise = noise

    def fit(self, X, y):
        self.estimator_ = self.estimator.fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.asked_ = {"predict": [], "predict_proba": []}
        self.rng_ = np.random.RandomState(0)
        return self

    def predict(self, X):
        self.asked_["predict"].append(len(X))
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        self.asked_["predict_proba"].append(len(X))
        proba = self.estimator_.predict_proba(X)
        noisy = np.abs(proba + self.noise * self.rng_.uniform(size=proba.shape))
        return noisy / noisy.sum(axis=1, keepdims=True)


class LabelsOnly(ClassifierMixin, BaseEstimator):
    """Gives labels, and counts how many."""

    def fit(self, X, y):
        self.estimator_ = DecisionTreeClassifier(random_state=0).fit(X, y)
        self.classes_ = self.estimator_.classes_
        self.asked_ = []
        return self

    def predict(self, X):
        self.asked_.append(len(X))
        return self.estimator_.predict(X)


@pytest.fixture
def sides():
    X, y = make_classification(
        400, 12, n_informative=5, flip_y=0.2, random_state=np.random.RandomState(3)
    )
    # Two rows that occur twice: in the pool, and not in the figures.
    X[1], y[1], X[399], y[399] = X[0], y[0], X[398], y[398]
    return X[:200], y[:200], X[200:], y[200:]


def _audit(model, sides, attacks, **given):
    return audit_classifier(
        *(model, *sides), attacks=attacks, random_state=0, **{"shadows": 4} | given
    )


@pytest.mark.parametrize("attacks", [["loss"], DEFAULT, MORE])
def test_the_model_is_asked_about_each_row_once_and_about_some_again(sides, attacks):
    model = Counting(DecisionTreeClassifier(random_state=0)).fit(*sides[:2])
    _audit(model, sides, attacks)
    # 396 rows of the figures, the four that occur twice, and some in small batches.
    assert model.asked_["predict"] == [396]
    first, *others = model.asked_["predict_proba"]
    assert first == 396
    # The four are asked about where an attack is fitted on the whole pool.
    assert sum(others) in (200, 204)


def test_a_model_of_labels_is_asked_about_each_row_once(sides):
    model = LabelsOnly().fit(*sides[:2])
    _audit(model, sides, ["gap", "lira", "stacked"])
    assert model.asked_[0] == 396
    assert sum(model.asked_[1:]) <= 200 + 4


def test_copies_of_records_are_asked_about_once(sides):
    model = Counting(DecisionTreeClassifier(random_state=0)).fit(*sides[:2])
    _audit(model, sides, ["lira", "rmia"], shadows=ShadowModels(4, n_queries=3))
    # Each record once, then again with its three copies, once for all attacks.
    assert sum(model.asked_["predict_proba"]) == 396 + 200 + 4 * 396


def test_attacks_of_a_model_that_answers_at_random_read_the_same_answers(sides):
    model = Counting(KNeighborsClassifier(5), noise=0.5).fit(*sides[:2])
    attacks = {
        "one": LossThresholdAttack(model),
        "other": LossThresholdAttack(model, signal="confidence"),
    }
    report = _audit(model, sides, attacks)
    one, other = (report.records()[name].rank() for name in attacks)
    assert np.array_equal(one, other)
    # And it is told: some rows were asked about a second time.
    assert "unsteady_answers" in [guard.name for guard in report.guards]


def test_shared_answers_change_no_score(sides):
    model = DecisionTreeClassifier(random_state=0).fit(*sides[:2])
    together = _audit(model, sides, DEFAULT)
    for name in DEFAULT:
        alone = _audit(model, sides, [name])
        assert np.array_equal(
            together.records()[name].to_numpy(), alone.records()[name].to_numpy()
        )
