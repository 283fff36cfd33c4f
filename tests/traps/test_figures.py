"""Traps of figures and reports: the wrong reading first, then what skmia gives.

Each test shows how a leakage figure comes out wrong without an error, then that skmia
gives the right one, an error or a warning. The numbers are those of the design's list.
"""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from _helpers import MaskedProba, confidence, halves
from _helpers.traps import forest, noisy
from skmia.attacks import (
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    RecordSeparation,
)
from skmia.audit import Policy, audit_classifier
from skmia.metrics import (
    is_resolvable,
    membership_advantage,
    roc_auc,
    roc_vertices,
    tpr_at_fpr,
)
from skmia.model_selection import AuditableClassifier, leakage_scorer


def test_trap_8_the_same_row_on_both_sides():
    X, y = noisy()
    member = halves(len(y))
    X_in, y_in, X_out, y_out = X[member], y[member], X[~member], y[~member]
    model = forest().fit(X_in, y_in)
    # A quarter of the held-out rows are copies of members.
    X_mixed = np.vstack([X_out, X_in[:200]])
    y_mixed = np.r_[y_out, y_in[:200]]
    truth = np.r_[np.ones(len(y_in)), np.zeros(len(y_mixed))]
    naive = roc_auc(
        truth,
        np.r_[confidence(model, X_in, y_in), confidence(model, X_mixed, y_mixed)],
    )
    right = roc_auc(
        np.r_[np.ones(len(y_in) - 200), np.zeros(len(y_out))],
        np.r_[
            confidence(model, X_in[200:], y_in[200:]), confidence(model, X_out, y_out)
        ],
    )
    assert naive < right - 0.05

    report = audit_classifier(
        model, X_in, y_in, X_mixed, y_mixed, attacks=["loss"], random_state=0
    )
    table = report.to_frame().set_index("metric")
    assert table.loc["auc", "value"] == pytest.approx(right)
    assert len(report.records()) == len(y_in) - 200 + len(y_out)
    assert "200" in report.summary()


def test_trap_10_folds_of_members_only():
    scores = np.linspace(0, 1, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # scikit-learn: nan and a warning; a mean over folds then drops it in silence.
        assert np.isnan(roc_auc_score(np.ones(10), scores))
    for metric in (roc_auc, membership_advantage):
        with pytest.raises(ValueError, match="one member and one non-member"):
            metric(np.ones(10, dtype=bool), scores)
    with pytest.raises(ValueError, match="one member and one non-member"):
        tpr_at_fpr(np.zeros(10, dtype=bool), scores, 0.1)


def test_trap_11_ties_broken_by_row_order():
    """A tree that is sure of its members and unsure of the rest: two values."""
    truth = np.r_[np.ones(500, dtype=bool), np.zeros(500, dtype=bool)]
    scores = np.where(truth, 1.0, 0.5)
    # A ROC with one vertex at the first element of each block of ties.
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(-scores[order], return_index=True)
    tpr = np.cumsum(truth[order])[first] / 500
    fpr = np.cumsum(~truth[order])[first] / 500
    assert np.trapezoid(tpr, fpr) < 0.01

    assert roc_auc(truth, scores) == 1.0
    fpr, tpr, _ = roc_vertices(truth, scores)
    assert fpr.tolist() == [0, 0, 1]
    assert tpr.tolist() == [0, 1, 1]
    # Stored members first, a constant score looks perfect or useless by row order.
    shuffle = np.random.RandomState(0).permutation(1000)
    constant = np.zeros(1000)
    for rows in (truth, truth[shuffle]):
        assert tpr_at_fpr(rows, constant, 0.01) == 0.01
        assert tpr_at_fpr(rows, constant, 0.01, ties="below") == 0.0


def ties_of_a_forest():
    """A forest that leaks, and the loss attack on it: most rows share a few scores."""
    X, y = noisy(1200, flip_y=0.1, class_sep=2)
    member = halves(len(y))
    model = RandomForestClassifier(10, random_state=0).fit(X[member], y[member])
    return X, y, member, model, confidence(model, X, y)


def test_trap_33_a_tie_block_across_the_allowed_fpr():
    X, y, member, model, scores = ties_of_a_forest()
    assert roc_auc(member, scores) > 0.6
    # The vertex below: the highest block alone holds more than 10 % of the others.
    assert (scores[~member] == scores.max()).mean() > 0.1
    assert tpr_at_fpr(member, scores, 0.1, ties="below") == 0.0

    # An attacker who breaks ties by a coin, drawn 200 times.
    rng = np.random.RandomState(0)
    coins = scores + 1e-6 * rng.uniform(size=(200, len(y)))
    expected = np.mean([tpr_at_fpr(member, drawn, 0.1) for drawn in coins])
    read = tpr_at_fpr(member, scores, 0.1)
    assert read == pytest.approx(expected, abs=0.01)
    assert read > 0.12

    sides = X[member], y[member], X[~member], y[~member]
    report = audit_classifier(model, *sides, attacks=["loss"], random_state=0)
    figure = next(f for f in report.figures if f.metric == "tpr@0.1")
    assert figure.value == pytest.approx(read)
    assert figure.low > 0.1
    # Read at the vertex it passed any limit.
    assert tpr_at_fpr(member, scores, 0.1, ties="below") < 0.05
    for compare in ("value", "upper"):
        decision = report.decide(Policy(max_tpr={0.1: 0.1}, compare=compare))
        assert decision.outcome == "refuse"
        (line,) = decision.reasons
        assert line.startswith("max_tpr@0.1: ")
    (guard,) = (guard for guard in report.guards if guard.name == "tied_scores")
    assert "TPR at 10 % FPR is read inside a block" in guard.message


def test_trap_33_a_tree_passes_no_limit_by_its_ties():
    """Fully grown: sure of everything, so that all that is right ties at the top."""
    X, y = noisy(600)
    train, test = np.arange(300), np.arange(300, 600)
    clf = AuditableClassifier(DecisionTreeClassifier(random_state=0))
    clf.fit(X[train], y[train])
    member = np.arange(600) < 300
    scores = confidence(clf, X, y)
    assert roc_auc(member, scores) > 0.6
    assert tpr_at_fpr(member, scores, 0.05, ties="below") == 0.0
    leakage = -leakage_scorer("tpr@0.05")(clf, X[test], y[test])
    # All members, and the share of the others that the tree gets right.
    assert leakage == pytest.approx(0.05 / clf.score(X[test], y[test]))
    assert leakage > 0.06


def test_trap_19_a_false_positive_rate_below_one_non_member():
    rng = np.random.RandomState(0)
    readings = [
        tpr_at_fpr(
            np.r_[np.ones(250, dtype=bool), np.zeros(250, dtype=bool)],
            rng.normal(size=500),
            0.001,
        )
        for _ in range(200)
    ]
    # No leak at all, and yet up to ten times the rate: the figure has no meaning.
    assert max(readings) > 0.01
    assert not is_resolvable(250, 0.001)
    assert is_resolvable(1000, 0.001)

    X, y = noisy(500)
    X_in, X_out, y_in, y_out = train_test_split(X, y, test_size=0.5, random_state=0)
    report = audit_classifier(
        forest().fit(X_in, y_in),
        X_in,
        y_in,
        X_out,
        y_out,
        attacks=["loss"],
        random_state=0,
    )
    table = report.to_frame().set_index("metric")
    assert not table.loc["tpr@0.001", "resolvable"]
    assert np.isnan(table.loc["tpr@0.001", "value"])
    assert table.loc["tpr@0.01", "resolvable"]
    with pytest.raises(ValueError, match="not resolvable"):
        report.worst("tpr@0.001")


def test_trap_22_masked_confidences():
    X, y = make_classification(
        700, 12, n_informative=10, n_classes=5, flip_y=0, random_state=0
    )
    member = halves(700)
    report = audit_classifier(
        MaskedProba(RandomForestClassifier(20, random_state=0)).fit(
            X[member], y[member]
        ),
        X[member],
        y[member],
        X[~member],
        y[~member],
        shadows=4,
        attacks={
            "loss": LossThresholdAttack(None),
            "lira": LiRAAttack(None),
            "label_only": LabelOnlyAttack(None, n_queries=24),
        },
        random_state=0,
    )
    auc = report.to_frame().query("metric == 'auc'").set_index("attack")
    # Every attack that reads confidences calls the model safe.
    assert auc.loc["loss", "value"] == auc.loc["lira", "value"] == 0.5
    # Its labels give its members away.
    assert auc.loc["label_only", "low"] > 0.6


def test_trap_one_threshold_for_all_records_misses_those_who_start_low():
    # A fifth is remembered, three standard deviations up. How sure a model is without
    # having seen a record differs by more than that from record to record.
    rng = np.random.default_rng(0)
    n, kept = 4000, np.arange(4000) % 5 == 0
    member, inside = rng.random(n) < 0.5, rng.random((64, n)) < 0.5
    start = 6 * rng.normal(size=n)
    target = start + rng.normal(size=n) + 3 * (kept & member)
    shadows = start + rng.normal(size=(64, n)) + 3 * (kept & inside)
    naive = tpr_at_fpr(member, target, 0.01)
    assert naive < 0.02

    known = RecordSeparation.of(target, shadows, inside)
    truth = 0.2 * norm.cdf(3 - norm.isf(0.01)) + 0.8 * 0.01
    assert known.power(0.01)[member].mean() == pytest.approx(truth, rel=0.1)
    assert (known.p_value[member] <= 0.01).mean() == pytest.approx(truth, rel=0.2)
    assert (known.p_value[~member] <= 0.01).mean() < 0.02
