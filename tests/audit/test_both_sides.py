"""What a report says of shadow models that tell both sides of a record."""

import json

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB

from skmia.audit import AuditReport, audit_classifier
from skmia.shadows import ShadowModels

BASE = {
    "used": True,
    "family": "MLPClassifier",
    "exact": False,
    "why_not": "",
    "n_fits": 8,
    "n_unknown": 0,
    "slope": [0.95, 1.1],
    "correlation": [0.71, 0.8],
}


def report(**changes):
    shadows = {"n_shadows": 8, "train_size": 0.5, "counterfactual": BASE | changes}
    membership = np.arange(40) < 20
    return AuditReport(membership, {"loss": np.arange(40)}, shadows=shadows)


def forms(found, tmp_path):
    """Text and HTML, each on one line."""
    found.to_html(tmp_path / "r.html")
    return [
        " ".join(text.split())
        for text in (found.summary(), (tmp_path / "r.html").read_text())
    ]


SAID = [
    ({}, "8 shadow models were fitted."),
    ({}, "is estimated to first order, by the formula of MLPClassifier."),
    ({}, "0.95 times for records taken out (correlation 0.71) and 1.10 times"),
    ({}, "The estimates were scaled by that."),
    (
        {"exact": True, "slope": None},
        "the other follows exactly, by the formula of MLPClassifier.",
    ),
    ({"n_fits": 0}, "No shadow model was fitted: what 8 of them would answer"),
    ({"n_fits": 2}, "2 models were fitted, from which 8 shadow models follow."),
    (
        {"used": False, "why_not": "the l1 penalty has none", "correlation": None},
        "one side of a record alone: the l1 penalty has none.",
    ),
    (
        {"used": False, "why_not": "it does not agree with the shadow models"},
        "was left out. It does not agree with the shadow models. Between",
    ),
    (
        {"used": False, "why_not": "too few", "slope": [None, None]},
        "It could not be compared between the shadow models.",
    ),
]


@pytest.mark.parametrize(("changes", "said"), SAID, ids=range(len(SAID)))
def test_sentences(changes, said):
    assert said in " ".join(report(**changes).summary().split())


def test_text_and_page_say_the_same(tmp_path):
    for text in forms(report(n_fits=2), tmp_path):
        assert "2 models were fitted, from which 8 shadow models follow." in text
        assert "0.95 times for records taken out (correlation 0.71)" in text


def test_reports_without_it_say_nothing():
    membership = np.arange(40) < 20
    shadows = {"n_shadows": 8, "train_size": 0.5}
    plain = AuditReport(membership, {"loss": np.arange(40)}, shadows=shadows)
    assert "tells both sides" not in plain.summary()
    assert "one side" not in plain.summary()


def test_it_is_in_the_file_and_read_again(tmp_path):
    path = tmp_path / "r.json"
    report().to_json(path)
    assert json.loads(path.read_text())["shadows"]["counterfactual"] == BASE
    assert AuditReport.from_json(path).shadows["counterfactual"] == BASE
    broken = json.loads(path.read_text())
    broken["shadows"]["counterfactual"]["correlation"] = [2, 2]
    path.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match="out of range"):
        AuditReport.from_json(path)


def test_an_audit_says_what_its_shadows_did():
    X, y = make_classification(200, 5, random_state=0)
    sides = X[:100], y[:100], X[100:], y[100:]
    settings = {"attacks": ["lira"], "random_state": 0}
    model = GaussianNB().fit(X[:100], y[:100])
    found = audit_classifier(model, *sides, shadows=8, **settings)
    about = found.shadows["counterfactual"]
    assert about["used"]
    assert about["family"] == "GaussianNB"
    assert "exactly, by the formula of GaussianNB" in " ".join(found.summary().split())
    off = ShadowModels(8, counterfactual=False)
    found = audit_classifier(model, *sides, shadows=off, **settings)
    assert not found.shadows["counterfactual"]["used"]
    assert "switched off" in found.summary()


def test_learners_without_a_formula():
    X, y = make_classification(200, 5, random_state=0)
    model = DummyClassifier().fit(X[:100], y[:100])
    sides = X[:100], y[:100], X[100:], y[100:]
    found = audit_classifier(model, *sides, shadows=4, attacks=["lira"], random_state=0)
    assert "DummyClassifier has no closed form" in " ".join(found.summary().split())
