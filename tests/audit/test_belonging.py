"""Parts of a report that are not of this report, or were changed in its file."""

import functools
import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skmia.audit import AuditReport, Policy, audit_classifier, audit_structure

N = 200
RNG = np.random.RandomState(0)
X = RNG.normal(size=(2 * N, 4))
y = (X[:, 0] + RNG.normal(size=2 * N) > 0).astype(int)
KNN = KNeighborsClassifier(50).fit(X[:N], y[:N])
LINEAR = LogisticRegression().fit(X[:N], y[:N])
POLICY = Policy(max_auc=0.7, structure=["carried_rows"])


@functools.cache
def audited(model):
    return audit_classifier(
        model, X[:N], y[:N], X[N:], y[N:], attacks=["loss"], max_fprs=(0.1,)
    )


def read_back(contents, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(contents))
    return AuditReport.from_json(path)


def test_the_structure_of_another_model_is_refused():
    """It made a release of a model that stores its training rows."""
    report = audited(KNN)
    assert report.decide(POLICY).outcome == "refuse"
    with pytest.raises(ValueError, match="structure of LogisticRegression instead"):
        report.including(audit_structure(LINEAR, X[:N], y[:N]))
    with pytest.raises(ValueError, match="that was looked for with other rows"):
        report.including(audit_structure(KNN, X[N:], y[N:]))
    with pytest.raises(ValueError, match="that was looked for with other rows"):
        report.including(audit_structure(KNN, X[: N - 1]))
    # Of the same model and rows, however these are passed.
    more = report.including(audit_structure(KNN, X[:N].tolist(), list(y[:N])))
    assert more.decide(POLICY).outcome == "refuse"


def test_of_several_structures_the_worst_counts():
    """The last one counted, whatever was found before."""
    report = AuditReport([True] * N + [False] * N, {"flat": [1, 0] * N})
    both = [audit_structure(KNN, X[:N], y[:N]), audit_structure(LINEAR, X[:N], y[:N])]
    for order in (both, both[::-1]):
        assert report.including(*order).decide(POLICY).outcome == "refuse"


def test_what_a_guard_found_in_the_file_is_not_kept_by_a_section():
    report = audited(KNN).excluding("structure")
    (found,) = (
        r for r in report.decide(POLICY).rulings if r.rule == "structure:carried_rows"
    )
    assert (found.result, found.outcome) == ("broken", "refuse")


def test_the_decision_of_another_report_is_refused():
    good, bad = audited(LINEAR), audited(KNN)
    decision = good.decide(POLICY)
    assert decision.outcome == "release"
    assert good.including(decision).to_dict()["sections"][-1]["outcome"] == "release"
    with pytest.raises(ValueError, match="'release' is not what its policy makes"):
        bad.including(decision)


def test_a_decision_before_a_structure_is_refused():
    report = AuditReport([True] * N + [False] * N, {"flat": [1, 0] * N})
    decided = report.including(report.decide(POLICY))
    with pytest.raises(ValueError, match="made before other sections were added"):
        decided.including(audit_structure(KNN, X[:N], y[:N]))


def forge_decision(contents):
    (decision,) = (s for s in contents["sections"] if s["section"] == "decision")
    decision["outcome"] = "release"
    for ruling in decision["rulings"]:
        ruling |= {"result": "kept", "outcome": "release", "reason": "Within."}


def forge_reason(contents):
    (decision,) = (s for s in contents["sections"] if s["section"] == "decision")
    decision["rulings"][-1]["reason"] = "All is well."


def forge_verdict(contents):
    contents["verdict"] = {"kind": "nothing_found", "sentences": ["All is well."]}


def forge_sentence(contents):
    contents["verdict"]["sentences"][0] = "All is well."


def swap_ends(contents):
    figure = contents["figures"][0]
    figure["low"], figure["high"] = figure["high"], figure["low"]


def lower_value(contents):
    contents["figures"][0]["value"] = 0.0


@pytest.mark.parametrize(
    ("forge", "says"),
    [
        (forge_decision, "is not what its policy makes"),
        (forge_reason, "is not what its policy makes"),
        (forge_verdict, "does not follow from the figures"),
        (forge_sentence, "does not follow from the figures"),
        (swap_ends, "outside of its interval"),
        (lower_value, "outside of its interval"),
    ],
)
def test_a_file_that_was_changed_is_refused(forge, says, tmp_path):
    """A file that said "release" and "nothing found" was shown as it was."""
    member = np.arange(2 * N) < N
    noise = np.random.RandomState(0).normal(size=2 * N)
    report = AuditReport(member, {"loss": noise + member}, max_fprs=(0.1,))
    decision = report.decide(Policy(max_auc=0.6, name="Hospital rules"))
    assert decision.outcome == "refuse"
    contents = report.including(decision).to_dict()
    assert read_back(contents, tmp_path).to_dict() == contents
    forge(contents)
    with pytest.raises(ValueError, match=says):
        read_back(contents, tmp_path)


def test_sentences_of_another_version_may_differ_and_results_not(tmp_path):
    report = audited(LINEAR)
    contents = report.including(report.decide(POLICY)).to_dict()
    contents["versions"]["skmia"] = "0.0.1"
    forge_sentence(contents)
    forge_reason(contents)
    read_back(contents, tmp_path)
    contents["verdict"]["kind"] = "leaks"
    with pytest.raises(ValueError, match="does not follow from the figures"):
        read_back(contents, tmp_path)


def test_the_strictest_of_several_decisions_comes_first(tmp_path):
    report = audited(LINEAR)
    mild, strict = (
        report.decide(Policy(max_auc=limit, name=name))
        for limit, name in ((0.9, "Mild"), (0.01, "Strict"))
    )
    assert (mild.outcome, strict.outcome) == ("release", "refuse")
    shown = report.including(mild, strict)
    text = shown.summary()
    assert text.index("Decision: refuse") < text.index("Decision: release")
    shown.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.index("<bdi>Strict</bdi>: refuse") < page.index("<bdi>Mild</bdi>")


def test_a_decision_does_not_outlive_the_structure_that_it_rests_on():
    report = audited(KNN)
    decided = report.including(report.decide(POLICY))
    with pytest.raises(ValueError, match="is not what its policy makes"):
        decided.excluding("structure")
    assert decided.excluding("structure", "decision").to_dict()["sections"] == []
