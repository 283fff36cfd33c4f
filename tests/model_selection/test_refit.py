"""Choosing under a limit: which candidate, and what is refused."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV

from skmia.model_selection import (
    AuditableClassifier,
    best_under_leakage,
    leakage_scorer,
    utility_under_leakage,
)


def results(leakage, accuracy, **more):
    return {
        "params": [{"k": k} for k in range(len(leakage))],
        "mean_test_neg_leakage": -np.asarray(leakage, dtype=float),
        "mean_test_accuracy": np.asarray(accuracy, dtype=float),
        **more,
    }


@pytest.mark.parametrize(
    ("limit", "best"), [(0.5, 3), (0.6, 1), (0.65, 1), (0.7, 2), (1, 0), (1.0, 0)]
)
def test_the_most_accurate_under_the_limit(limit, best):
    table = results([0.9, 0.6, 0.7, 0.5], [0.8, 0.6, 0.7, 0.5])
    index = best_under_leakage(max_leakage=limit)(table)
    assert index == best
    assert type(index) is int


def test_equals_go_to_the_one_that_leaks_less_then_to_the_first():
    rule = best_under_leakage(max_leakage=0.8)
    assert rule(results([0.7, 0.6, 0.65], [0.7, 0.7, 0.7])) == 1
    assert rule(results([0.7, 0.6, 0.6], [0.7, 0.7, 0.7])) == 1


def test_no_candidate_under_the_limit():
    rule = best_under_leakage(max_leakage=0.55)
    message = r"max_leakage=0.55. The lowest leakage of 3 is 0.612, with \{'k': 1\}"
    with pytest.raises(ValueError, match=message):
        rule(results([0.7, 0.612, 0.9], [0.7, 0.6, 0.8]))


@pytest.mark.parametrize("column", ["mean_test_neg_leakage", "mean_test_accuracy"])
def test_a_candidate_that_was_not_measured_is_not_safe(column):
    table = results([0.7, 0.5, 0.5], [0.7, 0.7, 0.8])
    table[column][1] = np.nan
    with pytest.raises(ValueError, match=r"1 of 3 candidates .* error_score='raise'"):
        best_under_leakage(max_leakage=0.6)(table)


def test_leakage_of_the_wrong_sign_is_refused():
    table = results([-0.7, -0.5], [0.7, 0.7])
    with pytest.raises(ValueError, match="must be negative leakage"):
        best_under_leakage(max_leakage=0.6)(table)


def test_names_of_scorers():
    table = results([0.7, 0.6], [0.7, 0.6], mean_test_f1=np.array([0.1, 0.9]))
    rule = best_under_leakage(max_leakage=0.8, utility="f1")
    assert rule(table) == 1
    with pytest.raises(ValueError, match=r"no scorer named 'auc'; it has \['neg_lea"):
        best_under_leakage(max_leakage=0.8, utility="auc")(table)


def test_of_a_halving_search_the_last_rung_only():
    # The first candidate was best on few rows, and did not get further.
    table = results(
        [0.50, 0.61, 0.60, 0.62], [0.9, 0.7, 0.6, 0.65], iter=np.array([0, 0, 1, 1])
    )
    assert best_under_leakage(max_leakage=0.7)(table) == 3
    with pytest.raises(ValueError, match=r"lowest leakage of 2 is 0\.6,"):
        best_under_leakage(max_leakage=0.55)(table)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"max_leakage": 1.5}, ValueError),
        ({"max_leakage": "0.5"}, TypeError),
        ({"max_leakage": 0.5, "metric": 1}, TypeError),
        ({"max_leakage": 0.5, "utility": accuracy_score}, TypeError),
    ],
)
def test_parameters_of_the_rule(settings, error):
    with pytest.raises(error, match="parameter must be"):
        best_under_leakage(**settings)


def test_the_rule_is_cloned_and_pickled():
    rule = best_under_leakage(max_leakage=0.6)
    table = results([0.9, 0.6], [0.8, 0.6])
    search = GridSearchCV(LogisticRegression(), {}, refit=rule)
    for other in (clone(search).refit, pickle.loads(pickle.dumps(rule))):
        assert other(table) == rule(table) == 1
    assert "max_leakage=0.6" in repr(rule)


@pytest.fixture(scope="module")
def fitted():
    X, y = make_classification(200, 8, flip_y=0.2, random_state=0)
    clf = AuditableClassifier(LogisticRegression(C=100)).fit(X[:100], y[:100])
    return clf, X[100:], y[100:]


def test_utility_less_the_penalty_for_what_is_above_the_limit(fitted):
    clf, X, y = fitted
    leakage = -leakage_scorer()(clf, X, y)
    accuracy = clf.score(X, y)
    for limit, penalty in ((0.5, 10), (0.5, 2.5), (leakage, 10), (1, 10)):
        said = utility_under_leakage(max_leakage=limit, penalty=penalty)(clf, X, y)
        expected = accuracy - penalty * max(leakage - limit, 0)
        assert said["score"] == pytest.approx(expected)
        assert said["accuracy"] == accuracy
        assert said["neg_leakage"] == -leakage


def test_a_utility_and_a_leakage_of_the_users(fitted):
    clf, X, y = fitted
    own = make_scorer(
        log_loss, greater_is_better=False, response_method="predict_proba"
    )
    scorer = utility_under_leakage(
        max_leakage=0.2, utility=own, leakage=leakage_scorer("advantage")
    )
    said = scorer(clf, X, y)
    assert said["utility"] == pytest.approx(-log_loss(y, clf.predict_proba(X)))
    assert said["neg_leakage"] == leakage_scorer("advantage")(clf, X, y)
    assert "advantage" in repr(scorer)


def test_what_the_weighing_refuses(fitted):
    clf, X, y = fitted
    positive = utility_under_leakage(max_leakage=0.6, leakage=lambda *_: 0.7)
    with pytest.raises(ValueError, match=r"returned 0\.7; it must return negative"):
        positive(clf, X, y)
    for leakage in (float("nan"), 0.1):
        wrong = utility_under_leakage(max_leakage=0.6, leakage=lambda *_, v=leakage: v)
        with pytest.raises(ValueError, match="must return negative leakage"):
            wrong(clf, X, y)
    nothing = utility_under_leakage(max_leakage=0.6, utility=lambda *_: np.nan)
    with pytest.raises(ValueError, match="is nan"):
        nothing(clf, X, y)
    with pytest.raises(TypeError, match="'leakage' parameter"):
        utility_under_leakage(max_leakage=0.6, leakage="neg_leakage")
    with pytest.raises(ValueError, match="'penalty' parameter"):
        utility_under_leakage(max_leakage=0.6, penalty=0)
    with pytest.raises(ValueError, match="'max_leakage' parameter"):
        utility_under_leakage(max_leakage=-0.6)
