"""Choosing under a limit: which candidate, and what is refused."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV

from skmia.exceptions import LeakageLimitWarning, NoCandidateError
from skmia.model_selection import (
    AuditableClassifier,
    best_under_leakage,
    leakage_scorer,
    utility_under_leakage,
)
from skmia.model_selection._search_results import upper_ends


def results(leakage, accuracy, spread=0.0, n_splits=5, **more):
    """What a search leaves behind, with this standard deviation over the splits."""
    leakage = np.asarray(leakage, dtype=float)
    around = np.linspace(-1, 1, n_splits) if n_splits > 1 else np.zeros(1)
    around = spread * around / max(np.std(around, ddof=1 * (n_splits > 1)), 1e-12)
    return {
        "params": [{"k": k} for k in range(len(leakage))],
        "mean_test_neg_leakage": -leakage,
        "mean_test_accuracy": np.asarray(accuracy, dtype=float),
        **{f"split{k}_test_neg_leakage": -leakage - a for k, a in enumerate(around)},
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
    start = r"max_leakage=0.55. The lowest leakage of 3 is 0.612, "
    upper = start + r"the upper end of a mean of 0.612, with \{'k': 1\}"
    table = results([0.7, 0.612, 0.9], [0.7, 0.6, 0.8])
    with pytest.raises(ValueError, match=upper):
        rule(table)
    rule = best_under_leakage(max_leakage=0.55, compare="value")
    with pytest.raises(ValueError, match=start + r"with \{'k': 1\}"):
        rule(table)


def test_the_upper_end_of_the_mean_by_hand():
    """Five splits, s = .03: 2.776 * .03 * sqrt(1/5 + 1/4) = .0559."""
    table = results([0.55, 0.6], [0.6, 0.8], spread=0.03)
    for limit, best in ((0.6058, None), (0.606, 0), (0.6558, 0), (0.656, 1)):
        rule = best_under_leakage(max_leakage=limit)
        if best is None:
            message = r"is 0\.6059, the upper end of a mean of 0\.55, with \{'k': 0"
            with pytest.raises(ValueError, match=message):
                rule(table)
        else:
            assert rule(table) == best
    # No figure is above 1, and all is allowed where that is the limit.
    assert best_under_leakage(max_leakage=1)(results([0.9], [0.9], spread=0.2)) == 0


def test_trap_47_a_mean_under_the_limit_by_luck():
    table = results([0.59, 0.52], [0.8, 0.7], spread=0.02)
    # The wrong reading: .59 is under .60, and may well be .627.
    assert best_under_leakage(max_leakage=0.6, compare="value")(table) == 0
    assert best_under_leakage(max_leakage=0.6)(table) == 1


def test_one_split_has_no_spread():
    table = results([0.55, 0.6], [0.6, 0.8], n_splits=1)
    with pytest.raises(ValueError, match=r"1 values of 'neg_leakage' .* more splits"):
        best_under_leakage(max_leakage=0.7)(table)
    assert best_under_leakage(max_leakage=0.7, compare="value")(table) == 1


def test_a_split_that_was_not_measured_is_not_safe():
    table = results([0.55, 0.6], [0.6, 0.8])
    table["split2_test_neg_leakage"][1] = np.nan
    with pytest.raises(ValueError, match=r"1 of 2 candidates have no 'neg_leakage'"):
        best_under_leakage(max_leakage=0.7)(table)


@pytest.mark.parametrize("compare", ["upper", "value"])
def test_trap_46_a_mean_below_chance_is_not_safe(compare):
    rule = best_under_leakage(max_leakage=0.6, compare=compare)
    table = results([0.34, 0.55], [0.8, 0.7], spread=0.02)
    # The wrong reading: the least leakage of all.
    assert np.argmax(table["mean_test_neg_leakage"]) == 0
    with pytest.raises(ValueError, match=r"below chance=0.5 by .* \{'k': 0\}.*swapped"):
        rule(table)
    # What may as well be a guess is none of that.
    assert rule(results([0.48, 0.55], [0.8, 0.7], spread=0.02)) == 0
    # Of another metric guessing reads less.
    low = best_under_leakage(max_leakage=0.2, compare=compare)
    assert low(results([0.05, 0.1], [0.7, 0.8])) == 1
    fpr = best_under_leakage(max_leakage=0.2, compare=compare, chance=0.1)
    with pytest.raises(ValueError, match=r"below chance=0\.1"):
        fpr(results([0.05, 0.1], [0.7, 0.8]))
    high = best_under_leakage(max_leakage=0.6, compare=compare, chance=0)
    assert high(results([0.34, 0.55], [0.8, 0.7])) == 0


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
        ({"max_leakage": 0.5, "compare": "lower"}, ValueError),
        ({"max_leakage": 0.5, "chance": 2}, ValueError),
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
    reading = leakage_scorer().measure(clf, X, y)
    assert reading.low < reading.value == leakage < reading.high
    accuracy = clf.score(X, y)
    for compare, compared in (("value", leakage), ("upper", reading.high)):
        for limit, penalty in ((0.5, 10), (0.5, 2.5), (compared, 10), (1, 10)):
            scorer = utility_under_leakage(
                max_leakage=limit, penalty=penalty, compare=compare
            )
            said = scorer(clf, X, y)
            expected = accuracy - penalty * max(compared - limit, 0)
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
    with pytest.raises(TypeError, match=r"'compare' parameter must be 'value' with"):
        utility_under_leakage(max_leakage=0.6, leakage=lambda *_: -0.7)
    with pytest.raises(ValueError, match="'compare' parameter"):
        utility_under_leakage(max_leakage=0.6, compare="point")
    positive = utility_under_leakage(
        max_leakage=0.6, leakage=lambda *_: 0.7, compare="value"
    )
    with pytest.raises(ValueError, match=r"returned 0\.7; it must return negative"):
        positive(clf, X, y)
    for leakage in (float("nan"), 0.1):
        wrong = utility_under_leakage(
            max_leakage=0.6, leakage=lambda *_, v=leakage: v, compare="value"
        )
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


def test_the_results_are_on_the_error_where_no_candidate_is_under():
    """The search raises before it stores them: hours of fits would be lost."""
    table = results([0.9, 0.7], [0.8, 0.6])
    rule = best_under_leakage(max_leakage=0.6)
    with pytest.raises(NoCandidateError, match=r"No candidate stays .* 0\.7") as caught:
        rule(table)
    assert caught.value.cv_results_ is table
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.cv_results_.keys() == table.keys()


def test_a_search_hands_its_results_over():
    X, y = make_classification(200, flip_y=0.3, random_state=0)
    search = GridSearchCV(
        AuditableClassifier(LogisticRegression()),
        {"estimator__C": [0.1, 1.0]},
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit=best_under_leakage(max_leakage=0.0),
        error_score="raise",
    )
    with pytest.raises(NoCandidateError) as caught:
        search.fit(X, y)
    assert not hasattr(search, "cv_results_")
    assert len(caught.value.cv_results_["params"]) == 2
    search.set_params(refit=best_under_leakage(max_leakage=0.0, if_none="least"))
    with pytest.warns(LeakageLimitWarning, match="No candidate stays under"):
        search.fit(X, y)
    ends = upper_ends(search.cv_results_, "neg_leakage")
    assert search.best_index_ == np.argmin(ends)


@pytest.mark.parametrize(("compare", "least"), [("value", 1), ("upper", 2)])
def test_the_least_leaky_by_what_is_compared(compare, least):
    table = results([0.9, 0.7, 0.72], [0.8, 0.6, 0.7])
    for k, around in enumerate(np.linspace(-0.1, 0.1, 5)):
        table[f"split{k}_test_neg_leakage"][1] -= around
    rule = best_under_leakage(max_leakage=0.6, compare=compare, if_none="least")
    with pytest.warns(LeakageLimitWarning, match="That candidate is chosen"):
        assert rule(table) == least
    with pytest.raises(ValueError, match="'if_none' parameter"):
        best_under_leakage(max_leakage=0.6, if_none="lowest")
