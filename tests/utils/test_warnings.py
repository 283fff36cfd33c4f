"""Warnings have classes of their own and point at the user's line."""

import inspect

import pytest
from sklearn.datasets import make_classification
from sklearn.exceptions import DataConversionWarning
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from skmia.attacks import LossThresholdAttack
from skmia.audit import audit_classifier
from skmia.exceptions import FreezingWarning, ResolutionWarning


@pytest.fixture
def data():
    return make_classification(40, random_state=0)


def test_the_line_that_called_the_attack(data):
    model = GaussianNB().fit(*data)
    with pytest.warns(FreezingWarning) as got:
        LossThresholdAttack(model).fit(*data)
    line = inspect.currentframe().f_lineno - 1
    assert [(w.filename, w.lineno) for w in got] == [(__file__, line)]


def test_a_column_of_labels_is_warned_of_at_the_line_of_the_user(data):
    X, y = data
    attack = LossThresholdAttack(FrozenEstimator(GaussianNB().fit(X, y)), max_fpr=0.1)
    with pytest.warns(DataConversionWarning, match="column-vector y") as got:
        attack.fit(X, y[:, None])
    line = inspect.currentframe().f_lineno - 1
    assert [(w.filename, w.lineno) for w in got] == [(__file__, line)]


def test_the_line_that_called_the_audit(data):
    X, y = data
    model = GaussianNB().fit(X[:20], y[:20])
    parts = X[:20], y[:20], X[20:], y[20:]
    with pytest.warns(ResolutionWarning, match="with 20 non-members") as got:
        audit_classifier(model, *parts, attacks=["label_only"], random_state=0)
    line = inspect.currentframe().f_lineno - 1
    assert {(w.filename, w.lineno) for w in got} == {(__file__, line)}
