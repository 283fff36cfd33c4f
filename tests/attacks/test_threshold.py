"""LossThresholdAttack: its scores, its three rules and what they promise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LossThresholdAttack
from skmia.attacks._scores._threshold import upper_quantile
from skmia.attacks._threshold import best_balanced_accuracy
from skmia.metrics import roc_auc
from skmia.signals import MEMBER_SIGN, SIGNALS

NAMES = ("loss", "confidence", "entropy", "modified_entropy", "correctness")
RULES = ("max_fpr", "balanced_accuracy", "mean_loss")


def answers(seed, n=120, n_classes=3, digits=None):
    """Probabilities, true columns and membership; `digits` makes ties."""
    rng = np.random.RandomState(seed)
    member = rng.uniform(size=n) < 0.5
    y = rng.randint(n_classes, size=n)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), y] += 1 + member
    proba = softmax(2 * logits, axis=1)
    if digits is not None:
        proba = proba.round(digits)
    return proba, y, member


def brute_best(members, nonmembers):
    """Song and Mittal's search, value by value, with exact counts."""
    best, best_value = -1, None
    for t in [*members, *nonmembers]:
        kept = sum(m >= t for m in members) * len(nonmembers)
        below = sum(v < t for v in nonmembers) * len(members)
        if kept + below > best:
            best, best_value = kept + below, t
    return best_value


@pytest.mark.parametrize("signal", NAMES)
def test_score_is_the_signal_towards_members(pool, signal):
    attack = LossThresholdAttack(pool.frozen, signal=signal).fit(pool.X, pool.y)
    proba = pool.model.predict_proba(pool.X)
    expected = MEMBER_SIGN[signal] * SIGNALS[signal](proba, pool.y)
    scores = attack.score_samples(pool.X, pool.y)
    assert_array_equal(scores, expected)
    # The tree is as sure of records that it gets wrong, which entropy cannot tell.
    assert roc_auc(pool.member, scores) > (0.4 if signal == "entropy" else 0.6)
    assert_allclose(
        attack.decision_function(pool.X, pool.y), scores - attack.offset_, rtol=1e-12
    )


@pytest.mark.parametrize("max_fpr", [0.01, 0.05, 0.1, 0.37, 0.5, 0.9])
@pytest.mark.parametrize("signal", NAMES)
@pytest.mark.parametrize("digits", [None, 1])
def test_promise_on_the_rows_of_fit(signal, max_fpr, digits):
    """At most max_fpr of the non-members, however few they are or how they tie."""
    for n in (7, 50, 100, 101):
        proba, y, _ = answers(n, n=n, digits=digits)
        attack = LossThresholdAttack("precomputed", signal=signal, max_fpr=max_fpr)
        attack.fit(proba, y)
        accused = attack.predict(proba, y).sum()
        assert accused <= max_fpr * n
        if digits is None and signal != "correctness":
            # One row fewer than the promise allows, at most: n - 1 are counted.
            assert accused >= max_fpr * n - 2


def test_members_do_not_move_the_false_positive_threshold(pool):
    proba, y, member = answers(0)
    attack = LossThresholdAttack("precomputed", max_fpr=0.1)
    both = attack.fit(proba, y, membership=member).offset_
    alone = attack.fit(proba[~member], y[~member]).offset_
    assert both == alone
    expected = np.quantile(np.log(proba[~member, y[~member]]), 0.9, method="higher")
    assert_allclose(both, expected, rtol=1e-12)


def test_upper_quantile_is_a_score_and_keeps_its_promise():
    rng = np.random.RandomState(0)
    for n in (1, 2, 10, 99, 100, 101, 1000):
        scores = rng.randint(n, size=n).astype(float)
        for max_fpr in (0.001, 0.01, 0.1, 0.5):
            quantile = upper_quantile(scores, max_fpr)
            assert quantile in scores
            assert (scores > quantile).sum() <= max_fpr * n


@pytest.mark.parametrize("signal", NAMES)
@pytest.mark.parametrize("digits", [None, 1])
def test_mean_loss_is_yeoms_rule(signal, digits):
    proba, y, member = answers(1, digits=digits)
    attack = LossThresholdAttack("precomputed", signal=signal, threshold="mean_loss")
    attack.fit(proba, y, membership=member)
    scores = MEMBER_SIGN[signal] * SIGNALS[signal](proba, y)
    assert_array_equal(attack.predict(proba, y), scores >= scores[member].mean())


def test_yeoms_rule_includes_the_mean_itself():
    """Loss at most the mean: where all members lose the same, all are accused."""
    proba = np.array([[0.5, 0.5], [0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    attack = LossThresholdAttack("precomputed", threshold="mean_loss")
    attack.fit(proba, [0, 1, 0, 0], membership=[True, True, False, False])
    assert_array_equal(attack.predict(proba, [0, 1, 0, 0]), [1, 1, 0, 1])
    # A loss of exactly 0, next to the smallest of all doubles.
    sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.9, 0.1]])
    attack.fit(sure, [0, 0, 0], membership=[True, True, False])
    assert_array_equal(attack.predict(sure, [0, 0, 0]), [1, 1, 0])
    assert_array_equal(attack.decision_function(sure, [0, 0, 0]) > 0, [1, 1, 0])


def test_threshold_search_of_inspire():
    """C13: the first of the maxima, and members come first."""
    members, nonmembers = [0.9, 0.8, 0.7, 0.6], [0.75, 0.5, 0.4, 0.3]
    assert best_balanced_accuracy(np.array(members), np.array(nonmembers)) == 0.6
    # Both 0.9 and 0.6 are right in 3 of 4: whichever comes first.
    for order in ([0.9, 0.6], [0.6, 0.9]):
        found = best_balanced_accuracy(np.array(order), np.array([0.7, 0.5]))
        assert found == order[0]


@pytest.mark.parametrize("seed", range(10))
def test_threshold_search_against_brute_force(seed):
    rng = np.random.RandomState(seed)
    members = rng.randint(12, size=rng.randint(1, 40)) + 2.0
    nonmembers = rng.randint(12, size=rng.randint(1, 40)).astype(float)
    found = best_balanced_accuracy(members, nonmembers)
    assert found == brute_best(members.tolist(), nonmembers.tolist())


@pytest.mark.parametrize("signal", NAMES)
def test_balanced_accuracy_is_the_best_there_is(signal):
    proba, y, member = answers(2)
    attack = LossThresholdAttack(
        "precomputed", signal=signal, threshold="balanced_accuracy"
    ).fit(proba, y, membership=member)
    predicted = attack.predict(proba, y).astype(bool)
    reached = predicted[member].mean() + (~predicted[~member]).mean()
    scores = attack.score_samples(proba, y)
    best = max(
        (scores[member] >= t).mean() + (scores[~member] < t).mean() for t in scores
    )
    assert_allclose(reached, best)


@pytest.mark.parametrize("rule", RULES)
def test_per_class_is_each_class_alone(rule):
    proba, y, member = answers(3, n=300)
    attack = LossThresholdAttack(
        "precomputed", per_class=True, threshold=rule, max_fpr=0.1
    )
    attack.fit(proba, y, membership=member)
    assert attack.offset_.shape == (3,)
    predicted = attack.predict(proba, y)
    decision = attack.decision_function(proba, y)
    single = clone(attack).set_params(per_class=False)
    for c in range(3):
        rows = y == c
        single.fit(proba[rows], y[rows], membership=member[rows])
        assert attack.offset_[c] == single.offset_
        assert_array_equal(predicted[rows], single.predict(proba[rows], y[rows]))
        assert_array_equal(
            decision[rows], single.decision_function(proba[rows], y[rows])
        )
    assert len(np.unique(attack.offset_)) == 3


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("max_fpr", lambda y, m: (y != 2) | m),  # no non-member of class 2
        ("mean_loss", lambda y, m: (y != 2) | ~m),  # no member of class 2
        ("balanced_accuracy", lambda y, m: (y != 2) | m),
        ("balanced_accuracy", lambda y, m: y != 2),  # no record of class 2 at all
    ],
)
def test_class_without_suitable_records_gets_the_common_threshold(rule, kept):
    proba, y, member = answers(4)
    rows = kept(y, member)
    attack = LossThresholdAttack("precomputed", threshold=rule, max_fpr=0.1)
    common = attack.fit(proba[rows], y[rows], membership=member[rows]).offset_
    attack.set_params(per_class=True)
    attack.fit(proba[rows], y[rows], membership=member[rows])
    assert attack.offset_[2] == common
    assert (attack.offset_[:2] != common).any()
    assert_array_equal(
        attack.predict(proba, y),
        attack.score_samples(proba, y) > attack.offset_[y],
    )


def test_class_without_records_of_a_frozen_model(pool):
    rows = pool.y != 1
    attack = LossThresholdAttack(pool.frozen, per_class=True, max_fpr=0.1)
    attack.fit(pool.X[rows], pool.y[rows])
    attack.set_params(per_class=False)
    offsets = attack.offset_
    assert offsets[1] == attack.fit(pool.X[rows], pool.y[rows]).offset_


@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("signal", NAMES)
def test_predictions_are_the_sign_of_the_decision(pool, signal, rule, per_class):
    attack = LossThresholdAttack(
        pool.frozen, signal=signal, threshold=rule, per_class=per_class, max_fpr=0.2
    ).fit(pool.X, pool.y, membership=pool.member)
    for y in (pool.y, None):
        predicted = attack.predict(pool.X, y)
        assert predicted.dtype.kind == "i"
        assert_array_equal(predicted, attack.decision_function(pool.X, y) > 0)


@pytest.mark.parametrize("per_class", [False, True])
def test_without_labels_the_predicted_ones_stand_in(pool, per_class):
    attack = LossThresholdAttack(pool.frozen, per_class=per_class, max_fpr=0.2)
    attack.fit(pool.X, pool.y)
    predicted = pool.model.predict(pool.X)
    for method in ("score_samples", "decision_function", "predict"):
        assert_array_equal(
            getattr(attack, method)(pool.X), getattr(attack, method)(pool.X, predicted)
        )
    # Weaker, as documented: what the model gets wrong looks like what it gets right.
    with_labels = roc_auc(pool.member, attack.score_samples(pool.X, pool.y))
    assert roc_auc(pool.member, attack.score_samples(pool.X)) < with_labels


def test_string_labels(pool):
    names = np.array(["low", "mid", "high"], dtype=object)
    y = names[pool.y]
    model = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    frozen = FrozenEstimator(model.fit(pool.X[pool.member], y[pool.member]))
    attack = LossThresholdAttack(frozen, per_class=True, max_fpr=0.2)
    attack.fit(pool.X, y, membership=pool.member)
    plain = LossThresholdAttack(pool.frozen, per_class=True, max_fpr=0.2)
    plain.fit(pool.X, pool.y, membership=pool.member)
    # Classes are sorted by name: high, low, mid.
    assert_allclose(attack.offset_, plain.offset_[[2, 0, 1]])
    assert_array_equal(attack.predict(pool.X, y), plain.predict(pool.X, pool.y))


@pytest.mark.parametrize(
    ("rule", "member", "missing"),
    [
        ("max_fpr", True, "non-members"),
        ("balanced_accuracy", True, "non-members"),
        ("balanced_accuracy", False, "members"),
        ("mean_loss", False, "members"),
        ("balanced_accuracy", None, "members"),
        ("mean_loss", None, "members"),
    ],
)
def test_rules_say_whom_they_miss(rule, member, missing):
    proba, y, _ = answers(5)
    membership = None if member is None else np.full(len(y), member)
    counts = "120 members and 0" if member else "0 members and 120"
    with pytest.raises(
        ValueError, match=rf"threshold='{rule}' needs {missing} among .* Got {counts}"
    ):
        LossThresholdAttack("precomputed", threshold=rule).fit(
            proba, y, membership=membership
        )


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"signal": "logit"}, ValueError, r"'signal' .* among .* Got 'logit' instead"),
        ({"threshold": "best"}, ValueError, r"'threshold' .* Got 'best' instead"),
        ({"threshold": None}, ValueError, r"'threshold' .* Got None instead"),
        ({"per_class": 1}, TypeError, r"'per_class' .* be a bool. Got 1 instead"),
        ({"max_fpr": 1}, ValueError, r"float in \(0, 1\). Got 1 instead"),
    ],
)
def test_parameters_out_of_range(params, error, match):
    proba, y, _ = answers(6)
    with pytest.raises(error, match=match):
        LossThresholdAttack("precomputed", **params).fit(proba, y)


def test_promise_on_fresh_records():
    """Seeds 0 to 19, 200 fresh non-members each: 5 % promised, +- 3 binomial errors.

    The threshold is the 95 % quantile of 400 others, whose own error is in the bound.
    """
    rates = []
    for seed in range(20):
        X, y = make_classification(800, 5, flip_y=0.2, random_state=seed)
        frozen = FrozenEstimator(GaussianNB().fit(X[:200], y[:200]))
        attack = LossThresholdAttack(frozen, signal="modified_entropy", max_fpr=0.05)
        attack.fit(X[200:600], y[200:600])
        rates.append(attack.predict(X[600:], y[600:]).mean())
    error = np.sqrt(0.05 * 0.95 * (1 / 200 + 1 / 400) / 20)
    assert abs(np.mean(rates) - 0.05) < 3 * error
