"""The check of leakage on a real report of skore."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import LeakageCheck, Policy

skore = pytest.importorskip("skore", reason="skore is not installed")

PARAMS = {"attacks": ["loss", "lira"], "shadows": 8, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    X, y = make_classification(800, flip_y=0.3, random_state=0)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    return {"X_train": X_train, "X_test": X_test, "y_train": y_train, "y_test": y_test}


def _section(report, check):
    others = [name.split(" - ")[0] for name in report.checks.available()]
    report.checks.add([check])
    summary = report.checks.summarize(ignore=others)
    for section in ("issue", "passed", "not_applicable"):
        frame = summary.frame(section=section)
        found = frame[frame["code"] == check.code]
        if len(found):
            return section, found.to_dict("records")[0].get("explanation")
    raise AssertionError("the check is in no section")


def test_a_leaking_model_is_an_issue_in_plain_words(rows):
    report = skore.EstimatorReport(DecisionTreeClassifier(random_state=0), **rows)
    check = LeakageCheck(**PARAMS)
    section, text = _section(report, check)
    assert section == "issue"
    assert "This model leaks." in text
    assert check.report_.worst("auc")[1] > 0.6


def test_a_policy_decides(rows):
    report = skore.EstimatorReport(DecisionTreeClassifier(random_state=0), **rows)
    strict = LeakageCheck(Policy(max_auc=0.55), **PARAMS)
    section, text = _section(report, strict)
    assert section == "issue"
    assert text.startswith("Refuse. max_auc")
    lax = LeakageCheck(Policy(max_auc=0.99), code="SKMIA002", **PARAMS)
    assert _section(report, lax)[0] == "passed"


def test_a_model_that_ignores_its_rows_passes_where_nothing_else_is_wrong(rows):
    model = DummyClassifier(strategy="prior")
    check = LeakageCheck(attacks="loss")
    section, text = _section(skore.EstimatorReport(model, **rows), check)
    assert section == "passed"
    verdict = check.report_.to_dict()["verdict"]
    assert verdict["kind"] == "nothing_found"
    # The same with rows on both sides, which the audit warns of.
    n = len(rows["y_test"])
    both = {
        "X_train": np.r_[rows["X_train"], rows["X_test"][: n // 2]],
        "y_train": np.r_[rows["y_train"], rows["y_test"][: n // 2]],
    }
    report = skore.EstimatorReport(model, **{**rows, **both})
    section, text = _section(report, LeakageCheck(attacks="loss"))
    assert section == "issue"
    assert "of the other set" in text


def test_rows_that_the_report_lacks(rows):
    model = LogisticRegression().fit(rows["X_train"], rows["y_train"])
    report = skore.EstimatorReport(model, X_test=rows["X_test"], y_test=rows["y_test"])
    section, text = _section(report, LeakageCheck(**PARAMS))
    assert section == "not_applicable"
    assert "X_train, y_train" in text


def test_a_regressor_is_not_applicable(rows):
    y = {k: v.astype(np.float64) for k, v in rows.items() if k[0] == "y"}
    report = skore.EstimatorReport(LinearRegression(), **{**rows, **y})
    assert _section(report, LeakageCheck(**PARAMS))[0] == "not_applicable"


def test_an_audit_that_fails_is_an_issue(rows):
    report = skore.EstimatorReport(DecisionTreeClassifier(random_state=0), **rows)
    section, text = _section(report, LeakageCheck(shadows=1))
    assert section == "issue"
    assert text.startswith("The audit failed, and what leaks is not known")


def test_another_policy():
    with pytest.raises(TypeError, match="'policy' parameter must be a Policy"):
        LeakageCheck({"max_auc": 0.6})
