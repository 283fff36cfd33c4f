"""What notes of guards and the level of a report's intervals do to a decision."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skmia.audit import AuditReport, Guard, Policy, audit_classifier


def ruling(decision, rule):
    (found,) = (r for r in decision.rulings if r.rule == rule)
    return found


def drawn(n, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] + rng.normal(size=n) > 0).astype(int)


def by_loss(model, X, y, n, at, n_members=None):
    return audit_classifier(
        model,
        X[: n_members or n],
        y[: n_members or n],
        X[n:][at],
        y[n:][at],
        attacks=["loss"],
        max_fprs=(0.1,),
        random_state=0,
    )


def test_attacks_that_were_not_chosen_are_no_attacks_that_found_nothing():
    """It said that the check for attacks that need more "found nothing"."""
    X, y = drawn(1200)
    model = LogisticRegression().fit(X[:600], y[:600])
    report = by_loss(model, X, y, 600, slice(None))
    decision = report.decide(Policy(max_auc=0.65, require=["attacks_not_run"]))
    found = ruling(decision, "require:attacks_not_run")
    assert (found.result, decision.outcome) == ("not_measured", "revise")
    assert "No attack with shadow models was chosen" in found.reason
    # Unless it asks, the reader of the release is told all the same.
    decision = report.decide(Policy(max_auc=0.65))
    assert decision.outcome == "release"
    assert any("No attack with shadow models" in text for text in decision.remarks)


def test_a_blind_classifier_that_had_too_few_rows_is_not_silent():
    """With 39 non-members, chosen to look like members, the model was released."""
    X, y = drawn(1200)
    model = LogisticRegression().fit(X[:600], y[:600])
    report = by_loss(model, X, y, 600, slice(30))
    decision = report.decide(Policy(max_auc=0.9, require=["blind_classifier"]))
    found = ruling(decision, "require:blind_classifier")
    assert (found.result, decision.outcome) == ("not_measured", "revise")
    assert "was not checked" in found.reason


def test_a_note_that_names_the_fault_is_not_kept():
    """Part of the training rows passed as members, and no attack with shadows."""
    X, y = drawn(1200)
    model = RandomForestClassifier(10, max_depth=2, random_state=0)
    model.fit(X[:600], y[:600])
    report = by_loss(model, X, y, 600, slice(None), n_members=300)
    policy = Policy(max_auc=0.99, require=["shadows_unlike_target"])
    found = ruling(report.decide(policy), "require:shadows_unlike_target")
    assert (found.result, found.outcome) == ("not_measured", "revise")
    assert "fitted on 600 rows, and 300 were passed" in found.reason


@pytest.mark.parametrize("name", ["audited_inside", "searching_shadows"])
def test_notes_of_which_nobody_knows_whether_they_mislead(name):
    member = np.arange(400) < 200
    noise = np.random.RandomState(0).normal(size=400)
    note = Guard(name, "note", "It was left out.")
    report = AuditReport(member, {"loss": noise}, guards=(note,))
    decision = report.decide(Policy(max_auc=0.9, require=[name]))
    assert ruling(decision, f"require:{name}").result == "not_measured"
    assert any("It was left out." in r for r in report.decide(P9).remarks)


P9 = Policy(max_auc=0.9)


def test_a_narrow_interval_of_a_low_level_keeps_no_limit():
    """At 1 % the AUC of a model over the limit is "within" it every other time."""
    member = np.arange(400) < 200
    noise = np.random.RandomState(2).normal(size=400)
    levels = {
        level: AuditReport(
            member, {"loss": noise}, max_fprs=(0.1, 0.01), confidence_level=level
        )
        for level in (0.01, 0.9, 0.95, 0.99)
    }
    policy = Policy(max_auc=0.9, max_tpr={0.1: 0.9}, max_exposed=150)
    for level, report in levels.items():
        decision = report.decide(policy)
        enough = level >= 0.95
        assert decision.outcome == ("release" if enough else "revise")
        for rule in ("max_auc", "max_tpr@0.1", "max_exposed"):
            found = ruling(decision, rule)
            assert found.result == ("kept" if enough else "not_measured")
            assert enough or "the policy asks for 95 % at least" in found.reason
    low = Policy(max_auc=0.9, confidence_level=0.9)
    assert levels[0.9].decide(low).outcome == "release"
    high = Policy(max_auc=0.9, confidence_level=0.99)
    assert levels[0.95].decide(high).outcome == "revise"
