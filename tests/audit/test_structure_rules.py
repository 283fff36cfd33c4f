"""Rules of a policy about what is in the model itself."""

import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, Decision, Guard, Policy, audit_structure

X, y = make_classification(400, flip_y=0.3, random_state=0)
VOID = Guard("unmoved_shadows", "warning", "The shadows answer alike.")


def report_of(model, *guards):
    """A report of scores that tell nothing, with the structure of a model."""
    scores = [*reversed(range(200)), *range(200)]
    report = AuditReport([True] * 200 + [False] * 200, {"flat": scores}, guards=guards)
    return report.including(audit_structure(model.fit(X, y), X, y))


def decide(model, check, *guards):
    policy = Policy(max_auc=0.9, structure=[check])
    decision = report_of(model, *guards).decide(policy)
    return decision.outcome, decision.rulings[-1].result


@pytest.mark.parametrize(
    ("model", "check", "expected"),
    [
        (KNeighborsClassifier(), "carried_rows", ("refuse", "broken")),
        (LogisticRegression(), "carried_rows", ("release", "kept")),
        (DecisionTreeClassifier(), "small_leaves", ("refuse", "broken")),
        (
            DecisionTreeClassifier(min_samples_leaf=50),
            "small_leaves",
            ("release", "kept"),
        ),
        (GaussianNB(), "small_leaves", ("release", "not_applicable")),
        (RandomForestClassifier(10), "rows_per_parameter", ("refuse", "broken")),
        (LogisticRegression(), "rows_per_parameter", ("release", "kept")),
    ],
)
def test_what_is_in_a_model(model, check, expected):
    assert decide(model, check) == expected


def test_rows_in_the_model_are_refused_whatever_the_audit_is_worth():
    assert decide(KNeighborsClassifier(), "carried_rows", VOID) == ("refuse", "broken")
    assert decide(LogisticRegression(), "carried_rows", VOID)[0] == "revise"


def test_a_report_without_a_structure():
    report = AuditReport([True] * 20 + [False] * 20, {"flat": [1, 0] * 20})
    decision = report.decide(Policy(max_auc=0.99, structure=["carried_rows"]))
    assert decision.outcome == "revise"
    assert decision.rulings[-1].result == "not_measured"


def test_what_no_version_finds_is_not_kept():
    contents = report_of(LogisticRegression()).to_dict()
    for finding in contents["sections"][0]["findings"]:
        finding["outcome"] = "fine"
    decision = Decision.of(contents, Policy(max_auc=0.9, structure=["carried_rows"]))
    assert decision.outcome == "revise"


def test_a_structure_alone_releases_nothing():
    policy = Policy(
        max_auc=0.9,
        structure=["carried_rows"],
        not_applicable={"max_auc": "a reason"},
    )
    assert report_of(LogisticRegression()).decide(policy).outcome == "revise"
    with pytest.raises(ValueError, match="must set one at least"):
        Policy(structure=["carried_rows"])
    with pytest.raises(ValueError, match="Did you mean 'carried_rows'"):
        Policy(max_auc=0.9, structure=["carries_rows"])


def test_sacro_refuses_nearest_neighbours():
    decision = report_of(KNeighborsClassifier()).decide(Policy.sacro())
    assert decision.outcome == "refuse"
    assert any(line.startswith("structure:carried_rows") for line in decision.reasons)
