"""Confidences that show nothing beside labels that leak."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import CHEAP
from skmia.audit import Policy, audit_classifier, audit_cv

N = 200


class Flat(ClassifierMixin, BaseEstimator):
    """A classifier with its own labels, and probabilities that are all the same."""

    def __init__(self, estimator=None):
        self.estimator = estimator

    def fit(self, X, y):
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X):
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2 * N, 100)), rng.integers(0, 2, size=2 * N)


def scaled_down(X, y):
    model = LogisticRegression(C=1).fit(X, y)
    model.coef_ *= 1e-20
    model.intercept_ *= 1e-20
    return model


@pytest.mark.parametrize(
    "fit", [Flat(DecisionTreeClassifier(random_state=0)).fit, scaled_down]
)
def test_labels_leak_and_confidences_do_not(noise, fit):
    X, y = noise
    model = fit(X[:N], y[:N])
    report = audit_classifier(
        model, X[:N], y[:N], X[N:], y[N:], attacks=CHEAP, shadows=4, random_state=0
    )
    # The wrong reading: by every attack on confidences nothing leaks.
    figures = {f.attack: f for f in report.figures if f.metric == "auc"}
    assert figures["loss"].high < 0.55
    assert figures["lira"].low < 0.5
    # A label that is right on all members and on half of the others: AUC .75 - ish.
    right = model.predict(X) == y
    expected = 0.5 + (right[:N].mean() - right[N:].mean()) / 2
    assert figures["gap"].value == pytest.approx(expected)
    assert report.worst("auc") == ("gap", pytest.approx(expected))
    decision = report.decide(Policy(max_auc=0.6))
    # Over the limit, and not refused for it: the model is unlike its shadows.
    assert decision.outcome == "revise"
    assert [line.partition(":")[0] for line in decision.reasons] == [
        "comparison",
        "max_auc",
    ]
    assert "labels_tell_more" in {guard.name for guard in report.guards}


def test_of_the_models_of_a_cross_validation(noise):
    X, y = noise
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
    results = cross_validate(
        Flat(DecisionTreeClassifier(random_state=0)),
        X,
        y,
        cv=cv,
        return_estimator=True,
        return_indices=True,
    )
    report = audit_cv(results, X, y, attacks=["loss"], random_state=0)
    assert report.worst("auc")[0] == "gap"
    assert report.worst("auc")[1] > 0.7


def test_no_gap_where_confidences_tell_as_much(noise):
    X, y = noise
    model = RandomForestClassifier(20, random_state=0).fit(X[:N], y[:N])
    report = audit_classifier(
        model, X[:N], y[:N], X[N:], y[N:], attacks=["loss"], random_state=0
    )
    assert report.attacks == ("loss",)
