"""A cross-validation audited with its rows in another order: the wrong figure first."""

import numpy as np
import pytest
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    cross_validate,
)

from _helpers.traps import forest, noisy
from skmia.audit import Policy, audit_cv

X, Y = noisy(300)
CV = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
NAME = "scores_of_other_rows"


def cross_validated(model=None, cv=CV, rows=X, labels=Y, **options):
    return cross_validate(
        forest(10, 1) if model is None else model,
        rows,
        labels,
        cv=cv,
        return_estimator=True,
        return_indices=True,
        **options,
    )


def audit(results, rows=X, labels=Y):
    report = audit_cv(results, rows, labels, attacks=["loss"], random_state=0)
    guards = {guard.name: guard for guard in report.guards}
    if NAME in guards:
        assert report.decide(Policy(max_auc=0.99)).outcome == "revise"
    return guards, report.worst("auc")[1]


@pytest.mark.parametrize("scoring", [None, "accuracy", ["accuracy", "roc_auc"]])
def test_trap_rows_that_were_sorted_after_the_cross_validation(scoring):
    results = cross_validated(scoring=scoring)
    guards, right = audit(results)
    assert right > 0.75
    assert NAME not in guards
    order = np.argsort(X[:, 0])
    guards, read = audit(results, X[order], Y[order])
    assert read < 0.6
    assert guards[NAME].severity == "warning"
    assert guards[NAME].value > 0.05
    # Labels alone, too.
    assert NAME in audit(results, X, Y[order])[0]


@pytest.mark.parametrize(
    "scoring",
    [
        "balanced_accuracy",
        "recall",
        "roc_auc",
        "neg_log_loss",
        "f1_macro",
        make_scorer(recall_score, pos_label=0),
    ],
)
def test_scores_of_other_kinds_are_not_taken_for_accuracies(scoring):
    rows = np.r_[np.flatnonzero(Y == 0)[:120], np.flatnonzero(Y == 1)[:120]]
    balanced = {"rows": X[rows], "labels": Y[rows]}
    results = cross_validated(scoring=scoring, **balanced)
    assert NAME not in audit(results, **balanced)[0]


@pytest.mark.parametrize("scoring", [None, "top_k_accuracy"])
def test_scores_of_several_classes(scoring):
    rows, labels = noisy(200, n_classes=4)
    results = cross_validated(rows=rows, labels=labels, scoring=scoring)
    assert NAME not in audit(results, rows, labels)[0]


def test_scores_of_single_rows_and_of_a_search_by_another_score():
    search = GridSearchCV(forest(5), {"max_depth": [2, 3]}, cv=2, scoring="roc_auc")
    assert NAME not in audit(cross_validated(search))[0]
    few = {"rows": X[:30], "labels": Y[:30]}
    results = cross_validated(forest(5), cv=LeaveOneOut(), **few)
    assert NAME not in audit(results, **few)[0]
