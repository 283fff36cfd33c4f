"""Audits of persons with several rows: who is left out, and figures of both units."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, cross_validate

from _helpers.persons import persons_of, sides, split
from skmia.audit import AuditReport, Policy, audit_classifier, audit_cv
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows

X, Y, GROUPS = persons_of(np.full(160, 4))
MEMBER = split(GROUPS)
MODEL = LogisticRegression(C=10, max_iter=500).fit(X[MEMBER], Y[MEMBER])
SETS, PAIR = sides(X, Y, GROUPS, MEMBER)


def audit(model=MODEL, sets=SETS, groups=PAIR, **kwargs):
    kwargs = {"shadows": 8, "random_state": 0, "max_fprs": (0.1,)} | kwargs
    return audit_classifier(model, *sets, groups=groups, **kwargs)


@pytest.fixture(scope="module")
def report():
    return audit(attacks=["loss", "lira"])


def guard(report, name):
    found = [g for g in report.guards if g.name == name]
    return found[0] if found else None


def test_every_figure_is_there_per_row_and_per_person(report):
    frame = report.to_frame()
    assert set(frame["unit"]) == {"row", "person"}
    counts = frame.groupby(["attack", "metric"]).size()
    assert (counts == 2).all()
    assert (report.n_members, report.n_member_persons) == (320, 80)
    assert (report.n_nonmembers, report.n_nonmember_persons) == (320, 80)


def test_without_groups_there_are_rows_only():
    report = audit(groups=None, attacks=["loss"])
    assert {f.unit for f in report.figures} == {"row"}
    assert report.n_member_persons is None
    assert report.to_dict()["counts"]["member_persons"] is None
    assert report.to_dict()["person_rules"] is None
    assert "person" not in report.records()
    with pytest.raises(ValueError, match="was not told whose the rows are"):
        report.records("person")


def test_the_figure_of_persons_is_that_of_their_scores(report):
    persons = report.records("person")
    assert_array_equal(persons["n_rows"], 4)
    assert set(persons.index) == set(GROUPS)
    for attack in report.attacks:
        figures = [f for f in report.figures if (f.attack, f.metric) == (attack, "auc")]
        auc = {f.unit: f.value for f in figures}
        assert auc["person"] == roc_auc(persons["membership"], persons[attack])
        rows = report.records()
        assert auc["row"] == roc_auc(rows["membership"], rows[attack])
        assert auc["person"] > auc["row"]
    assert_array_equal(rows["person"], [*PAIR[0], *PAIR[1]])
    mean = rows.groupby("person")["loss"].mean()
    assert report.to_dict()["person_rules"]["loss"] == "mean of a person's rows"
    np.testing.assert_allclose(persons["loss"], mean[persons.index])


def test_worst_and_limits_are_of_the_worse_unit(report):
    highest = max(f.value for f in report.figures if f.metric == "auc")
    assert report.worst("auc")[1] == highest
    per_row = max(
        f.high for f in report.figures if f.metric == "auc" and f.unit == "row"
    )
    decision = report.decide(Policy(max_auc=per_row + 1e-9))
    assert decision.outcome != "release"
    assert "per person" in decision.reasons[0]


def test_a_limit_that_too_few_persons_resolve():
    report = audit(attacks=["loss"], max_fprs=(0.01,))
    units = {f.unit: f for f in report.figures if f.metric == "tpr@0.01"}
    assert units["row"].resolvable
    assert not units["person"].resolvable
    decision = report.decide(Policy(max_tpr={0.01: 0.9}))
    assert decision.outcome == "revise"
    (ruling,) = (r for r in decision.rulings if r.rule == "max_tpr@0.01")
    assert ruling.result == "not_measured"
    assert "needs 100 non-member persons, and there are" in ruling.reason
    with pytest.raises(ValueError, match="needs 100 non-member persons"):
        report.worst("tpr@0.01")
    found = guard(report, "unresolvable_fpr")
    assert "per person" in found.message
    assert "not resolvable (needs 100 persons, has 80)" in report.summary()


def test_summary_and_json(report, tmp_path):
    text = report.summary()
    assert "320 rows of 80 persons" in text
    assert "per person (" in text
    report.to_json(tmp_path / "report.json")
    contents = json.loads((tmp_path / "report.json").read_text())
    assert contents["counts"]["member_persons"] == 80
    assert {f["unit"] for f in contents["figures"]} == {"row", "person"}


def test_any_kind_of_name(report):
    names = [f"p{code}" for code in GROUPS]
    pair = (
        pd.Series(np.array(names)[MEMBER], dtype="category"),
        np.array(names)[~MEMBER].tolist(),
    )
    assert audit(groups=pair, attacks=["loss", "lira"]).figures == report.figures


def test_persons_on_both_sides_are_left_out_and_counted():
    nonmember = ~MEMBER
    known = np.unique(GROUPS[MEMBER])[:5]
    moved = np.isin(GROUPS, known) & (np.arange(len(GROUPS)) % 4 == 0)
    model = LogisticRegression(C=10, max_iter=500).fit(
        X[MEMBER & ~moved], Y[MEMBER & ~moved]
    )
    sets, pair = sides(X, Y, GROUPS, MEMBER & ~moved)
    report = audit(model, sets, pair, attacks=["loss", "lira"])
    found = guard(report, "shared_persons")
    assert (found.severity, found.count) == ("note", 5)
    assert "5 persons have rows in both sets, 15 rows of the members" in found.message
    assert report.n_nonmembers == nonmember.sum()
    assert report.n_member_persons == 75
    assert not set(report.records()["person"]) & set(known)
    # They stay in the rows of the shadows.
    assert report.shadows["train_size"] == pytest.approx(315 / 640)


def test_nothing_is_left_of_a_split_by_rows():
    rows = np.arange(len(GROUPS)) % 2 == 0
    sets, pair = sides(X, Y, GROUPS, rows)
    model = LogisticRegression().fit(*sets[:2])
    with pytest.raises(ValueError, match="320 are of persons who have rows in the oth"):
        audit(model, sets, pair)


def test_equal_rows_of_a_person_are_no_copies():
    """Rows that a person has twice are on one side, by themselves."""
    twice = np.arange(len(GROUPS))
    twice[1::4] = twice[::4]
    sets, pair = sides(X[twice], Y[twice], GROUPS, MEMBER)
    report = audit(MODEL, sets, pair, attacks=["loss"])
    assert (report.n_members, report.n_nonmembers) == (320, 320)
    assert guard(report, "duplicate_rows") is None
    assert guard(audit(MODEL, sets, None, attacks=["loss"]), "duplicate_rows")


def test_equal_rows_of_two_persons_are():
    rows = X.copy()
    labels = Y.copy()
    rows[GROUPS == 7] = rows[GROUPS == 3]
    labels[GROUPS == 7] = labels[GROUPS == 3]
    sets, pair = sides(rows, labels, GROUPS, MEMBER)
    left = audit(MODEL, sets, pair, attacks=["loss"]).records()["person"]
    assert not {3, 7} & set(left)


def test_given_shadows_have_to_have_drawn_persons_whole():
    pool = np.concatenate(SETS[::2]), np.concatenate(SETS[1::2])
    by_row = fit_shadows(MODEL, *pool, shadows=8, random_state=0)
    whole = fit_shadows(
        MODEL, *pool, groups=np.concatenate(PAIR), shadows=8, random_state=0
    )
    with pytest.raises(ValueError, match="8 of 8 shadows that hold some rows of a per"):
        audit(shadows=by_row)
    assert audit(shadows=whole).figures == audit(shadows=ShadowModels(8)).figures


def test_numbers_of_rows_that_tell_members():
    sizes = np.where(split(np.arange(160)), 4, 1)
    rows, labels, groups = persons_of(sizes)
    sets, pair = sides(rows, labels, groups, split(groups))
    model = LogisticRegression(C=10, max_iter=500).fit(*sets[:2])
    found = guard(audit(model, sets, pair, attacks=["loss"]), "rows_per_person")
    assert found.severity == "warning"
    assert found.value == 1.0


def test_few_persons_with_most_of_the_rows():
    """Four persons a side have 40 rows each, and 76 have one.

    Naive: 80 persons. As many rows each would weigh as (236)^2 / (4 * 1600 + 76) = 8.6.
    """
    sizes = np.ones(160, dtype=int)
    member = split(np.arange(160))
    for side in (member, ~member):
        sizes[np.flatnonzero(side)[:4]] = 40
    rows, labels, groups = persons_of(sizes)
    sets, pair = sides(rows, labels, groups, member[groups])
    model = LogisticRegression(C=10, max_iter=500).fit(*sets[:2])
    report = audit(model, sets, pair, attacks=["loss"])
    assert report.n_member_persons == 80
    found = guard(report, "few_large_persons")
    assert (found.severity, found.count) == ("warning", 9)
    assert found.value == pytest.approx(236**2 / 6476 / 80)
    assert "per person" in found.message


def test_few_large_persons_are_not_said_of_persons_alike(report):
    assert guard(report, "few_large_persons") is None
    # Numbers of rows that differ as those of visits do.
    sizes = np.random.RandomState(0).geometric(0.3, size=160)
    rows, labels, groups = persons_of(sizes)
    sets, pair = sides(rows, labels, groups, split(groups))
    model = LogisticRegression(C=10, max_iter=500).fit(*sets[:2])
    assert (
        guard(audit(model, sets, pair, attacks=["loss"]), "few_large_persons") is None
    )


def test_the_blind_classifier_does_not_remember_persons():
    """By row it knows a person of its other rows, and reads sets that do not differ."""
    assert guard(audit(groups=None, attacks=["loss"]), "blind_classifier").value > 0.7
    assert guard(audit(attacks=["loss"]), "blind_classifier") is None


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        (np.concatenate(PAIR), "must be a pair"),
        ((PAIR[0][:-1], PAIR[1]), "groups \\(members\\)"),
        ((PAIR[0], [None, *PAIR[1][1:]]), "Got 1 of 320 rows without one"),
    ],
)
def test_groups_that_are_refused(groups, match):
    with pytest.raises(ValueError, match=match):
        audit(groups=groups)


def test_rows_of_weight_0_belong_to_no_side():
    """A person whose rows on one side have no weight is on the other only."""
    moved = np.isin(GROUPS, np.unique(GROUPS[MEMBER])[:5]) & (np.arange(640) % 4 == 0)
    sets, pair = sides(X, Y, GROUPS, MEMBER & ~moved)
    weights = np.ones(len(sets[0])), np.where(np.isin(pair[1], pair[0]), 0.0, 1.0)
    report = audit(
        MODEL, sets, pair, attacks=["loss"], fit_params={"sample_weight": weights}
    )
    assert guard(report, "shared_persons") is None
    assert guard(report, "weightless_rows").count == 5


def test_a_report_of_scores_alone():
    member, scores = [True] * 20 + [False] * 20, {"loss": [*range(40)]}
    report = AuditReport(member, scores)
    assert {f.unit for f in report.figures} == {"row"}
    report = AuditReport(member, scores, groups=np.arange(40) // 2)
    assert report.n_member_persons == 10
    assert report.records("person")["loss"].tolist() == [*np.arange(0.5, 40, 2)]
    with pytest.raises(ValueError, match="every person on one side only"):
        AuditReport(member, scores, groups=np.arange(40) % 20)


def test_forests():
    forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
    forest.fit(X[MEMBER], Y[MEMBER])
    report = audit(forest, attacks=["lira", "calibrated", "stacked", "quantile"])
    assert report.worst("auc")[1] > 0.8


def cross_validated(cv, groups=GROUPS):
    return cross_validate(
        LogisticRegression(C=10, max_iter=500),
        X,
        Y,
        groups=groups,
        cv=cv,
        return_estimator=True,
        return_indices=True,
    )


def test_a_cross_validation_by_persons():
    results = cross_validated(GroupShuffleSplit(8, test_size=0.5, random_state=0))
    report = audit_cv(results, X, Y, attacks=["loss", "lira"], groups=GROUPS)
    assert {f.unit for f in report.figures} == {"row", "person"}
    assert report.shadows["n_shadows"] == 7
    assert (report.n_members, report.n_member_persons) == (320, 80)
    persons = report.records("person")
    assert len(persons) == 8 * 160
    assert (persons["n_rows"] == 4).all()
    aucs = [roc_auc(p["membership"], p["loss"]) for _, p in persons.groupby("split")]
    figures = {(f.attack, f.metric, f.unit): f.value for f in report.figures}
    assert figures["loss", "auc", "person"] == pytest.approx(np.mean(aucs))


def test_a_cross_validation_that_splits_persons():
    results = cross_validated(ShuffleSplit(8, test_size=0.5, random_state=0), None)
    with pytest.raises(ValueError, match="compared: 640 of 640 rows are of persons on"):
        audit_cv(results, X, Y, attacks=["loss"], groups=GROUPS)
    results = cross_validated(GroupShuffleSplit(8, test_size=0.5, random_state=0))
    wrong = np.where(GROUPS == 1, 0, GROUPS)
    report = audit_cv(results, X, Y, attacks=["loss"], groups=wrong)
    found = guard(report, "shared_persons")
    assert (found.severity, found.count) == ("note", 1)
    assert "1 person has rows on both sides of a split, 8 rows in all" in found.message
