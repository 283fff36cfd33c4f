"""Traps of copies: the wrong reading first, then what skmia gives.

Copies on both sides, copies made within one, copies but for their last digits. The
numbers are those of the design's list.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from _helpers import coarse_chance, coarse_rows, confidence, halves
from _helpers.traps import audit, forest, noisy
from skmia.attacks import LossThresholdAttack
from skmia.exceptions import BelowChanceWarning
from skmia.model_selection import AuditableClassifier, leakage_scorer
from skmia.shadows import ShadowModels


def figures(report):
    return {(f.attack, f.metric): f.value for f in report.figures}


def times(X, y):
    """How often each row's content occurs."""
    _, group, counts = np.unique(
        np.c_[X, y], axis=0, return_inverse=True, return_counts=True
    )
    return counts[group.ravel()]


def test_trap_42_copies_dropped_from_the_shadows_pool():
    """Without them shadows see a third of the rows, and not the typical ones."""
    X, y = coarse_rows(4000, seed=1)
    member = np.arange(4000) < 2000
    model = RandomForestClassifier(20, random_state=0).fit(X[member], y[member])
    once = times(X, y) == 1
    # By what each shadow was fitted on alone.
    shadows = ShadowModels(8, counterfactual=False)
    settings = {"attacks": ["lira"], "shadows": shadows, "random_state": 0}
    dropped = audit(model, X[once], y[once], member[once], **settings)
    kept = audit(model, X, y, member, **settings)
    assert kept.n_members == dropped.n_members == (once & member).sum()
    naive, right = figures(dropped), figures(kept)
    assert right["lira", "auc"] > naive["lira", "auc"] + 0.05
    assert right["lira", "tpr@0.1"] > 1.3 * naive["lira", "tpr@0.1"]
    guards = {guard.name: guard for guard in kept.guards}
    left_out = guards["shared_rows"].count + guards["duplicate_rows"].count
    assert left_out == (~once).sum()


class KnowsTheChance(ClassifierMixin, BaseEstimator):
    """Learns nothing: its answers are the chances that the labels were drawn with."""

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        chance = coarse_chance(np.asarray(X))
        return np.c_[1 - chance, chance]

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


def null_readings(n_columns, n_members, n_others, seed):
    """AUC of a model that has learned nothing: two naive rules, and skmia's own."""
    X, y = coarse_rows(n_members + n_others, n_columns, seed)
    member = np.arange(len(y)) < n_members
    own = KnowsTheChance().fit(X, y).predict_proba(X)[np.arange(len(y)), y]
    row = np.unique(np.c_[X, y], axis=0, return_inverse=True)[1].ravel()
    in_both = np.isin(row, np.intersect1d(row[member], row[~member]))
    clf = AuditableClassifier(KnowsTheChance()).fit(X[member], y[member])
    scorer = leakage_scorer(attack=LossThresholdAttack(None), members="all")
    return [
        roc_auc_score(member[~in_both], own[~in_both]),
        roc_auc_score(member[member | ~in_both], own[member | ~in_both]),
        figures(audit(clf.estimator_, X, y, member))["loss", "auc"],
        _as_it_was(scorer, clf, X[~member], y[~member]),
    ]


def _as_it_was(scorer, clf, X, y):
    """The AUC, also where it was so low by chance that the attack was turned round."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = -scorer(clf, X, y)
    turned = any(issubclass(one.category, BelowChanceWarning) for one in caught)
    return 1 - value if turned else value


@pytest.mark.parametrize(
    ("n_columns", "sizes", "both", "held_out"),
    [
        (12, (1500, 150), 0.57, 0.66),
        pytest.param(8, (400, 400), 0.5, 0.66, marks=pytest.mark.slow),
        pytest.param(8, (400, 4000), 0.5, 0.66, marks=pytest.mark.slow),
        pytest.param(12, (400, 400), 0.5, 0.58, marks=pytest.mark.slow),
        pytest.param(12, (4000, 400), 0.61, 0.67, marks=pytest.mark.slow),
        pytest.param(12, (400, 4000), 0.4, 0.57, marks=pytest.mark.slow),
        pytest.param(16, (4000, 400), 0.58, 0.58, marks=pytest.mark.slow),
        pytest.param(16, (400, 400), 0.5, 0.52, marks=pytest.mark.slow),
        pytest.param(16, (400, 4000), 0.44, 0.52, marks=pytest.mark.slow),
    ],
)
def test_trap_43_copies_dropped_by_a_rule_that_depends_on_the_side(
    n_columns, sizes, both, held_out
):
    """Means over ten draws, or 20, within four of their standard errors."""
    n_draws = 20 if n_columns == 8 else 10
    readings = np.array([null_readings(n_columns, *sizes, s) for s in range(n_draws)])
    mean = readings.mean(axis=0)
    error = readings.std(axis=0, ddof=1) / np.sqrt(n_draws)
    assert np.abs(mean - [both, held_out, 0.5, 0.5])[:2].max() < 0.07
    assert (np.abs(mean - 0.5) < 4 * error)[2:].all()


def test_trap_43_where_every_row_has_a_copy_nothing_is_read():
    X, y = coarse_rows(4000, 4)
    member = np.arange(4000) < 2000
    model = KnowsTheChance().fit(X, y)
    with pytest.raises(ValueError, match=r"Every row of X_members \(2000\) has a copy"):
        audit(model, X, y, member)
    clf = AuditableClassifier(model).fit(X[member], y[member])
    with pytest.raises(ValueError, match="Every training row equals another one"):
        leakage_scorer()(clf, X[~member], y[~member])


def test_trap_43_oversampled_members_are_not_left_out():
    """Records that were copied after the split leak most; each counts once."""
    X, y = noisy(600)
    member = halves(600)
    inside, outside = np.flatnonzero(member), np.flatnonzero(~member)
    rows = np.r_[inside, np.repeat(inside[:150], 4), outside]
    passed = np.arange(len(rows)) < len(rows) - len(outside)
    model = forest(25, min_samples_leaf=4).fit(X[rows[passed]], y[rows[passed]])

    def auc(records):
        scores = np.r_[
            confidence(model, X, y)[records], confidence(model, X, y)[outside]
        ]
        return roc_auc_score(np.arange(len(scores)) < len(records), scores)

    hidden, right = auc(inside[150:]), auc(inside)
    assert right > hidden + 0.08
    report = audit(model, X[rows], y[rows], passed)
    assert (report.n_members, report.n_nonmembers) == (300, 300)
    assert figures(report)["loss", "auc"] == pytest.approx(right, abs=1e-12)
    (guard,) = (g for g in report.guards if g.name == "duplicate_rows")
    assert guard.count == 600
    assert "each record counts once" in guard.message


def six_digits(X):
    return np.array([[float(f"{value:.6g}") for value in row] for row in X])


def six_decimals(X):
    return np.round(X, 6)


def single(X):
    return X.astype(np.float32)


@pytest.mark.parametrize("export", [single, six_decimals, six_digits])
def test_trap_49_members_exported_again_among_the_non_members(export):
    X, y = noisy(1000, seed=3)
    member = halves(1000)
    model = forest().fit(X[member], y[member])
    again = np.flatnonzero(member)[:200]
    rows = np.r_[np.flatnonzero(member), np.flatnonzero(~member), again]
    table, labels = np.r_[X[rows[:1000]], export(X[again])], y[rows]
    inside = np.arange(1200) < 500
    assert (times(table, labels) == 1).all()
    naive = roc_auc_score(inside, confidence(model, table, labels))
    clean = audit(model, X[200:], y[200:], member[200:])
    report = audit(model, table, labels, inside)
    rest = np.isin(rows, again)
    right = roc_auc_score(inside[~rest], confidence(model, table, labels)[~rest])
    assert naive < right - 0.05
    assert (report.n_members, report.n_nonmembers) == (300, 500)
    assert figures(report)["loss", "auc"] == pytest.approx(right, abs=1e-12)
    (guard,) = (g for g in report.guards if g.name == "near_copies")
    assert (guard.severity, guard.count) == ("warning", 400)
    assert "near_copies" not in {g.name for g in clean.guards}


def numbered(X, kind, rng):
    """A frame whose first column the model drops: a number of its own for each row."""
    numbers = rng.permutation(9 * len(X))[: len(X)]
    if kind == "text":
        numbers = np.array([f"{number:x}-id" for number in numbers])
    if kind == "time":
        numbers = pd.Timestamp("2024-01-01") + pd.to_timedelta(numbers, "min")
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    frame.insert(0, "id", numbers)
    return frame


@pytest.mark.parametrize("kind", ["text", "number", "time"])
def test_members_among_the_non_members_under_another_id(kind):
    X, y = noisy(600)
    again = np.r_[:100]  # members that stand among the non-members once more
    rows = np.r_[:600, again]
    member = np.arange(700) < 300
    table = numbered(X[rows], kind, np.random.default_rng(0))
    labels = y[rows]
    columns = [f"c{i}" for i in range(X.shape[1])]
    dropping = make_column_transformer(("passthrough", columns))
    model = make_pipeline(dropping, forest()).fit(table[member], labels[member])
    rest = np.r_[100:600]
    naive = roc_auc_score(member, confidence(model, table, labels))
    right = roc_auc_score(member[rest], confidence(model, table, labels)[rest])
    assert naive < right - 0.04
    report = audit(model, table, labels, member)
    assert (report.n_members, report.n_nonmembers) == (200, 300)
    assert figures(report)["loss", "auc"] == pytest.approx(right, abs=1e-12)
    (guard,) = (g for g in report.guards if g.name == "near_copies")
    assert (guard.severity, guard.count) == ("warning", 200)
    assert "without column 'id'" in guard.message
    clean = audit(model, table[:600], labels[:600], member[:600])
    assert "near_copies" not in {g.name for g in clean.guards}
    # All of them: nothing is left, where .5 was read.
    only = np.r_[:100, 600:700]
    with pytest.raises(ValueError, match="without column 'id'"):
        audit(model, table.iloc[only], labels[only], member[only])
