"""Models that store training rows, in audits: a guard, and a section of each report."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from _helpers.audits import N_IN, SETS, audit
from skmia.attacks import FunctionClassifier
from skmia.audit import AuditReport, Structure, StructureFinding
from skmia.audit._guards import run_guards


def guards(report):
    return {guard.name: guard for guard in report.guards}


def sections(report):
    return [s for s in report.to_dict()["sections"] if s["section"] == "structure"]


@pytest.mark.parametrize("model", [KNeighborsClassifier(1), SVC()])
def test_a_model_that_stores_rows_is_warned_of(model):
    model = make_pipeline(StandardScaler(), model).fit(*SETS[:2])
    report = audit(model, attacks=["loss"])
    guard = guards(report)["carries_training_rows"]
    assert guard.severity == "warning"
    n = len(getattr(model[-1], "support_", SETS[1]))
    assert (guard.count, guard.value) == (n, n / N_IN)
    assert "as the steps before it have transformed them" in guard.message
    assert guard.message in " ".join(report.summary().split())


def test_a_model_without_rows_is_not():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*SETS[:2])
    report = audit(model, attacks=["loss"])
    assert "carries_training_rows" not in guards(report)
    (section,) = sections(report)
    outcomes = {f["check"]: f["outcome"] for f in section["findings"]}
    assert outcomes["carried_rows"] == "nothing_found"


def test_every_report_has_the_structure_of_the_members(tmp_path):
    report = audit(attacks=["loss"])
    (section,) = sections(report)
    assert section["n_rows"] == N_IN
    small = next(f for f in section["findings"] if f["check"] == "small_leaves")
    assert small["outcome"] == "risk"
    assert not any(f["check"] == "rows_match" for f in section["findings"])
    assert "Structure: what the model's file says" in report.summary()
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.summary() == report.summary()
    # No value of a row is in there.
    values = {repr(float(v)) for v in np.ravel(SETS[0])}
    assert not any(value in json.dumps(section) for value in values)


class Broken(KNeighborsClassifier):
    """Raises where its state is looked into, and inside of it, too."""

    def __getstate__(self):
        raise RuntimeError("no")

    def __reduce_ex__(self, protocol):
        raise RuntimeError("no")


def test_an_audit_does_not_fail_of_it():
    report = audit(Broken().fit(*SETS[:2]), attacks=["loss"])
    (section,) = sections(report)
    carried = [f for f in section["findings"] if f["check"] == "carried_rows"]
    # Its attributes are read instead.
    assert carried[0]["outcome"] == "risk"


def test_what_could_not_be_read_is_not_checked():
    model = LogisticRegression().fit(*SETS[:2])
    model.notes_ = (line for line in "ab")  # cannot be written into a file
    report = audit(model, attacks=["loss"])
    why = report.to_dict()["not_checked"]["carries_training_rows"]
    assert why["applies"]
    assert "'notes_' could not be read" in why["reason"]
    service = FunctionClassifier(
        lambda X: LogisticRegression().fit(*SETS[:2]).predict_proba(X), classes=[0, 1]
    )
    why = audit(service, attacks=["loss"]).to_dict()["not_checked"]
    assert not why["carries_training_rows"]["applies"]
    assert (
        "carries_training_rows" not in audit(attacks=["loss"]).to_dict()["not_checked"]
    )


def test_the_guard_names_the_part_with_most_rows(evidence):
    found = tuple(
        StructureFinding(
            "carried_rows", "risk", place, "SVC", f"In {place}.", count, 50
        )
        for place, count in (("a", 3), ("b", 30))
    )
    member = np.arange(40) < 20
    (guard,) = (
        g
        for g in run_guards(evidence(member, structure=Structure(10, 50, None, found)))
        if g.name == "carries_training_rows"
    )
    assert guard.count == 30
    assert guard.message.startswith("In b. 1 other part stores rows, too.")
    none = run_guards(evidence(member, structure=Structure(10, 50, None, ())))
    assert "carries_training_rows" not in {g.name for g in none}
