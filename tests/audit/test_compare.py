"""compare: two reports side by side, with intervals of the differences."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import (
    AuditReport,
    Comparison,
    Guard,
    audit_classifier,
    audit_learner,
    compare,
)

X, y = make_classification(400, n_informative=6, flip_y=0.2, random_state=0)
IN, OUT = slice(0, 200), slice(200, 400)


def fitted(estimator, seed=0, rows=(IN, OUT), **changes):
    member, other = rows
    return audit_classifier(
        estimator.fit(X[member], y[member]),
        *(X[member], y[member], X[other], y[other]),
        attacks="loss",
        max_fprs=(0.1,),
        random_state=seed,
        **changes,
    )


def learner(estimator, seed=0, **changes):
    settings = {"n_models": 8, "attacks": "loss", "max_fprs": (0.1,)}
    return audit_learner(estimator, X, y, random_state=seed, **(settings | changes))


@pytest.fixture(scope="module")
def models():
    return [fitted(DecisionTreeClassifier(max_depth=d, random_state=0)) for d in (8, 3)]


@pytest.fixture(scope="module")
def learners():
    return [learner(DecisionTreeClassifier(max_depth=d)) for d in (8, 3)]


def test_differences_are_of_the_figures(models):
    found = compare(*models)
    assert found.pairing == "records"
    for d in found.differences:
        if d.attack != "strongest":
            first, second = (
                next(
                    f for f in r.figures if (f.attack, f.metric) == (d.attack, d.metric)
                )
                for r in models
            )
            assert_allclose((d.first, d.second), (first.value, second.value))
        assert_allclose(d.value, d.second - d.first)
        assert d.low <= d.value <= d.high


def test_strongest_of_each(models):
    found = compare(*models).strongest("auc")
    first, second = (report.strongest("auc").value for report in models)
    assert_allclose((found.first, found.second), (first, second))
    with pytest.raises(ValueError, match="which both reports could measure"):
        compare(*models).strongest("tpr@0.01")


def test_a_smooth_model_leaks_less_than_a_tree(models):
    text = compare(models[0], fitted(GaussianNB())).summary()
    assert "leaks less than the first" in text


def test_records_that_are_the_same_make_the_interval_narrower(models):
    paired = compare(*models)
    files = [AuditReport._of_contents(r.to_dict()) for r in models]
    unpaired = compare(*files)
    assert unpaired.pairing == "unknown"
    assert "from a file" in unpaired.why
    for one, other in zip(paired.differences, unpaired.differences, strict=True):
        assert_allclose(one.value, other.value)
        assert other.low <= one.low + 1e-9
        assert one.high <= other.high + 1e-9


@pytest.mark.parametrize("rows", [(OUT, IN), (slice(0, 190), slice(190, 400))])
def test_other_records_are_no_pairs(models, rows):
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    found = compare(models[0], fitted(tree, rows=rows))
    assert found.pairing == "unknown"
    assert "different records" in found.why or "not members" in found.why


def test_other_contents_in_the_same_places_are_no_pairs(models):
    member, other = X[IN] + 1, X[OUT] + 1
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    moved = audit_classifier(
        tree.fit(member, y[IN]),
        *(member, y[IN], other, y[OUT]),
        attacks="loss",
        max_fprs=(0.1,),
        random_state=0,
    )
    assert compare(models[0], moved).pairing == "unknown"


def test_learners_on_the_same_halves_and_on_others(learners):
    same = compare(*learners)
    assert same.pairing == "halves"
    assert same.strongest("auc").high < 0
    other = compare(learners[0], learner(DecisionTreeClassifier(max_depth=3), seed=1))
    assert other.pairing == "independent"


def test_a_learner_compared_with_itself_differs_by_nothing(learners):
    for d in compare(learners[0], learners[0]).differences:
        assert d.value == 0
        assert d.low <= 0 <= d.high


def test_accuracy_is_what_the_defense_costs(learners, models):
    for pair in (learners, models):
        accuracy = compare(*pair).accuracy
        assert_allclose(accuracy["first"], pair[0].accuracy[1])
        assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    scores = [AuditReport([True] * 20 + [False] * 20, {"loss": range(40)})] * 2
    assert compare(*scores).accuracy is None


def test_what_voids_either_report_comes_first():
    member = [True] * 20 + [False] * 20
    guard = Guard("unmoved_shadows", "warning", "All answer alike.")
    scores = {"loss": range(40, 0, -1)}
    first = AuditReport(member, scores)
    second = AuditReport(member, scores, guards=[guard])
    found = compare(first, second)
    assert len(found.void) == 1
    assert "second report" in found.void[0]
    assert found.summary().splitlines()[1].startswith("No comparison:")


def test_persons(models):
    persons = np.repeat(np.arange(200), 2)
    groups = persons[IN], persons[OUT]
    found = compare(
        *(
            fitted(DecisionTreeClassifier(max_depth=d, random_state=0), groups=groups)
            for d in (8, 3)
        )
    )
    assert {d.unit for d in found.differences} == {"row", "person"}
    assert found.pairing == "records"


def test_a_section_that_a_file_brings_back(models, tmp_path):
    found = compare(*models, names=("before", "after"))
    assert Comparison.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    report = models[1].including(found)
    assert "Comparison: before (first) and after (second)" in report.summary()
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.summary() == report.summary()
    assert len(found.to_frame()) == len(found.differences)
    assert all(len(line) <= 88 for line in found.summary().splitlines())


def test_refusals(models, learners):
    with pytest.raises(TypeError, match="'second' parameter must be an AuditReport"):
        compare(models[0], "report.json")
    with pytest.raises(ValueError, match="different statements"):
        compare(models[0], learners[0])
    member = [True] * 20 + [False] * 20
    one, other = (
        AuditReport(member, {"loss": range(40)}, confidence_level=c)
        for c in (0.9, 0.95)
    )
    with pytest.raises(ValueError, match="same confidence_level"):
        compare(one, other)


def test_a_comparison_is_read_as_text_and_in_a_notebook():
    member = np.arange(400) < 200
    rng = np.random.default_rng(0)
    reports = [
        AuditReport(member, {"<loss>": rng.normal(size=400) + shift * member})
        for shift in (2.0, 0.0)
    ]
    comparison = compare(*reports)
    assert str(comparison) == comparison.summary()
    cell = comparison._repr_html_()
    assert cell.startswith("<pre>Comparison: ")
    assert "The second leaks less" in cell
    assert "&lt;loss&gt;" in cell
    assert "<loss>" not in cell
