"""Traps of limits: the wrong reading first, then what skmia gives.

Each test shows how a limit lets through what it should not, then that skmia gives the
right answer, an error or a warning. The numbers are those of the design's list. The
command line's limits are in tests/cli/test_limits.py.
"""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    cross_validate,
)

from _helpers import auc_between
from _helpers.traps import noisy
from skmia.attacks import LossThresholdAttack
from skmia.exceptions import BelowChanceWarning
from skmia.model_selection import (
    AuditableClassifier,
    best_under_leakage,
    leakage_scorer,
)


def evaluate(estimator, X, y, cv, scorer):
    return cross_validate(estimator, X, y, cv=cv, scoring=scorer, error_score="raise")[
        "test_score"
    ]


class AgainstMemory(ClassifierMixin, BaseEstimator):
    """A logistic regression that is less sure of the rows that it was fitted on."""

    def __init__(self, shy=0.0):
        self.shy = shy

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.inner_ = LogisticRegression().fit(X, y)
        self.known_ = {row.tobytes() for row in X}
        return self

    def predict_proba(self, X):
        known = np.array([row.tobytes() in self.known_ for row in X])
        p = self.inner_.predict_proba(X)
        return np.where(known[:, None], p + self.shy * (0.5 - p), p)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_trap_46_a_model_that_answers_against_its_memory():
    X, y = noisy(600, flip_y=0.05)
    cv = KFold(3, shuffle=True, random_state=0)
    naive = []
    for train, test in cv.split(X):
        model = AgainstMemory(0.3).fit(X[train], y[train])
        naive.append(auc_between(model, X, y, train, test))
    # Safer than nothing, it seems.
    assert max(naive) < 0.45

    scorer = leakage_scorer(members="all")
    with pytest.warns(BelowChanceWarning, match="is turned round"):
        values = evaluate(AuditableClassifier(AgainstMemory(0.3)), X, y, cv, scorer)
    np.testing.assert_allclose(-values, 1 - np.array(naive))

    # A search for the least leakage would have taken it.
    search = GridSearchCV(
        AuditableClassifier(AgainstMemory()),
        {"estimator__shy": [0.0, 0.3]},
        cv=cv,
        scoring={"accuracy": "accuracy", "neg_leakage": scorer},
        refit="neg_leakage",
        error_score="raise",
    )
    with pytest.warns(BelowChanceWarning):
        assert search.fit(X, y).best_params_ == {"estimator__shy": 0.0}
    # Any metric of that attack: an advantage reads next to nothing the wrong way.
    scorer = leakage_scorer("advantage", members="all")
    with pytest.warns(BelowChanceWarning):
        read = evaluate(AuditableClassifier(AgainstMemory(0.3)), X, y, cv, scorer)
    plain = evaluate(AuditableClassifier(AgainstMemory()), X, y, cv, scorer)
    assert -read.mean() > -plain.mean() + 0.05


def test_trap_46_an_attack_of_the_users_is_turned_round_too():
    X, y = noisy(600, flip_y=0.05)
    clf = AuditableClassifier(AgainstMemory(0.3)).fit(X[:300], y[:300])
    scorer = leakage_scorer(attack=LossThresholdAttack(None, max_fpr=0.1))
    with pytest.warns(BelowChanceWarning):
        assert scorer(clf, X[300:], y[300:]) < -0.55


@pytest.mark.slow
@pytest.mark.parametrize(
    "cv",
    [
        KFold(5, shuffle=True, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=3, random_state=0),
        ShuffleSplit(6, test_size=0.5, random_state=0),
    ],
    ids=["k-fold", "repeated", "shuffled"],
)
def test_trap_47_a_candidate_over_the_limit_in_searches(cv):
    """120 searches on fresh data: at most 2.5 % pass on the upper end, four errors."""
    results = []
    for seed in range(120):
        rng = np.random.RandomState(seed)
        y = rng.randint(2, size=200)
        X = rng.normal(size=(200, 15)) + 0.5 * y[:, None] * (np.arange(15) < 2)
        search = GridSearchCV(
            AuditableClassifier(LogisticRegression(C=10)),
            {"estimator__C": [10.0]},
            cv=cv,
            scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
            refit=False,
            error_score="raise",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BelowChanceWarning)
            results.append(search.fit(X, y).cv_results_)
    truth = -np.mean([found["mean_test_neg_leakage"] for found in results])
    passed = {}
    for compare in ("value", "upper"):
        # Over the limit by .01: what chance takes away, and it must not.
        rule = best_under_leakage(max_leakage=truth - 0.01, compare=compare)
        passed[compare] = sum(passes(rule, found) for found in results)
    assert passed["value"] > 0.1 * 120
    assert passed["upper"] <= 120 * 0.025 + 4 * np.sqrt(120 * 0.025 * 0.975)


def passes(rule, cv_results):
    try:
        return rule(cv_results) == 0
    except ValueError:
        return False
