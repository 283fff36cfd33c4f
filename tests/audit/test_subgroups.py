"""Groups of records: figures, comparisons with the rest, and what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from _helpers.audits import SETS, audit
from _helpers.survey import is_young_and_died, make_scores, make_survey
from skmia.audit import AuditReport, Guard, Subgroups
from skmia.metrics import roc_auc, roc_auc_interval, tpr_at_fpr, tpr_at_fpr_interval

N = 3000
RNG = np.random.default_rng(0)
SURVEY = make_survey(N, RNG)
MEMBER = np.arange(N) < N // 2
SCORES = make_scores(MEMBER, RNG, is_young_and_died(SURVEY))


@pytest.fixture(scope="module")
def report():
    labels = np.where(SURVEY.smokes, 1, 0)
    return AuditReport(MEMBER, {"lira": SCORES}, labels=labels, max_fprs=(0.05, 0.01))


def named(result):
    return {group.name: group for group in result.groups}


def test_figures_are_those_of_the_records_themselves(report):
    found = named(report.subgroups("sex", SURVEY))
    threshold = np.sort(SCORES[~MEMBER])[-1 - int(0.01 * (~MEMBER).sum())]
    for sex in "fm":
        of = (SURVEY.sex == sex).to_numpy()
        figures = found[f"sex = {sex}"].figures
        assert figures.tpr == pytest.approx((SCORES[of & MEMBER] > threshold).mean())
        assert figures.fpr == pytest.approx((SCORES[of & ~MEMBER] > threshold).mean())
        assert figures.auc == roc_auc(MEMBER[of], SCORES[of])
        ends = roc_auc_interval(MEMBER[of], SCORES[of])
        assert (figures.auc_low, figures.auc_high) == pytest.approx(ends)
        both = of | ~MEMBER
        ends = tpr_at_fpr_interval(MEMBER[both], SCORES[both], 0.01)
        assert (figures.tpr_low, figures.tpr_high) == pytest.approx(ends)


def test_all_records_together_read_what_the_report_reads(report):
    overall = report.subgroups("sex", SURVEY, max_fpr=0.05).overall
    assert overall.tpr == tpr_at_fpr(MEMBER, SCORES, 0.05)
    assert overall.auc == report.worst("auc")[1]


def test_a_memorised_group_is_named_and_no_other(report):
    result = report.subgroups(["age", "died"], SURVEY)
    more = [group.name for group in result.groups if group.finding == "more"]
    assert len(more) == 1
    assert more[0].endswith("died = yes")
    assert more[0].startswith("age < 3")
    assert f"More exposed: {more[0]}." in " ".join(result.sentences())


def test_a_group_whose_others_are_accused_as_often_is_not_exposed():
    rng = np.random.default_rng(1)
    member = np.arange(4000) < 2000
    odd = rng.random(4000) < 0.1
    # Half of the odd records score high, whether or not the model has seen them.
    scores = rng.normal(size=4000) + 9 * (odd & (rng.random(4000) < 0.5))
    report = AuditReport(member, {"loss": scores}, max_fprs=(0.05,))
    result = report.subgroups({"odd": odd})
    assert named(result)["odd = True"].figures.tpr > 0.4
    assert named(result)["odd = True"].figures.fpr > 0.4
    assert {group.finding for group in result.groups} == {"no difference"}


def test_groups_of_members_alone_are_named_and_not_judged():
    member = np.arange(400) < 200
    group = np.where(np.arange(400) < 50, "members only", "both")
    report = AuditReport(member, {"loss": np.arange(400.0)[::-1]}, max_fprs=(0.1,))
    result = report.subgroups({"group": group})
    small = named(result)["group = members only"]
    assert not small.judged
    assert small.reason == "no non-members"
    assert small.finding == "not judged"
    assert "too small to judge" in result.summary()
    assert "members only (no non-members)" in " ".join(result.sentences())
    assert "Nothing is said of these groups" in " ".join(result.sentences())
    # Of what is left, the rest is that group alone.
    assert "was not compared" in " ".join(result.sentences())
    assert any("not alike" in note for note in result.notes)


def test_two_groups_are_one_comparison(report):
    result = report.subgroups("sex", SURVEY)
    assert result.n_comparisons == 2
    first, second = result.groups
    assert first.excess.value == -second.excess.value
    assert first.excess.p_value == second.excess.p_value
    assert (first.auc.low, first.auc.high) == (-second.auc.high, -second.auc.low)
    assert report.subgroups("job", SURVEY).n_comparisons == 8


def test_numbers_are_cut_and_missing_values_are_a_group(report):
    result = report.subgroups("income", SURVEY, n_bins=3)
    assert len(result.groups) == 4
    assert result.groups[-1].name == "income = (missing)"
    sizes = [group.n_members + group.n_nonmembers for group in result.groups[:3]]
    assert max(sizes) - min(sizes) < 0.05 * N
    assert sum(g.n_members for g in result.groups) == MEMBER.sum()
    assert any("was cut into 3 groups" in note for note in result.notes)
    # Few different numbers are groups of their own, and are not cut.
    assert len(report.subgroups("children", SURVEY).groups) == 6


def test_rare_values_are_pooled_with_a_note(report):
    rare = np.where(np.arange(N) % 3 == 0, np.arange(N), 0).astype(str)
    result = report.subgroups({"code": rare}, max_groups=3, min_size=1000)
    assert [group.name for group in result.groups][-1] == "(other)"
    assert len(result.groups) == 3
    assert sum(g.n_members for g in result.groups) == MEMBER.sum()
    assert any("pooled as (other)" in note for note in result.notes)


@pytest.mark.parametrize("kind", ["pandas", "polars", "numpy", "sparse"])
def test_columns_of_any_container(report, kind):
    numbers = SURVEY[["age", "children"]].to_numpy()
    tables = {
        "pandas": (SURVEY, "children"),
        "polars": (pl.from_pandas(SURVEY), "children"),
        "numpy": (numbers, 1),
        "sparse": (sparse.csr_array(numbers.astype(float)), 1),
    }
    X, by = tables[kind]
    wanted = report.subgroups({"children": SURVEY.children})
    found = report.subgroups(by, X)
    assert [g.figures for g in found.groups] == [g.figures for g in wanted.groups]


def test_the_label_and_values_of_ones_own(report):
    by_label = report.subgroups("label")
    assert [group.name for group in by_label.groups] == ["label = 0", "label = 1"]
    assert (
        by_label.groups
        == report.subgroups({"label": SURVEY.smokes.astype(int).to_list()}).groups
    )
    assert report.subgroups(SURVEY.sex).groups == report.subgroups("sex", SURVEY).groups


def test_rows_of_an_audit_are_passed_as_a_pair():
    X_in, _, X_out, _ = SETS
    of_audit = audit()
    frames = tuple(pd.DataFrame(X).rename(columns=str) for X in (X_in, X_out))
    result = of_audit.subgroups("0", frames, n_bins=2)
    assert result.groups == tuple(
        replace(group, name=group.name.replace("column ", ""))
        for group in of_audit.subgroups(0, (X_in, X_out), n_bins=2).groups
    )
    assert sum(g.n_members for g in result.groups) == of_audit.n_members
    with pytest.raises(ValueError, match="must be a pair"):
        of_audit.subgroups("0", frames[0])


def test_the_attack_is_not_chosen_by_what_it_finds():
    rng = np.random.default_rng(3)
    scores = {"loss": SCORES + 0.5 * MEMBER, "lira": rng.normal(size=N)}
    report = AuditReport(MEMBER, scores, max_fprs=(0.05,))
    usual = report.subgroups("sex", SURVEY)
    assert usual.attack == "lira"
    # That another finds more is said.
    assert "The attack loss exposes more" in " ".join(usual.notes)
    asked = report.subgroups("sex", SURVEY, attack="loss")
    assert asked.attack == "loss"
    assert not any("exposes more" in note for note in asked.notes)


def test_what_makes_the_report_doubtful_makes_its_groups_so(report):
    guard = Guard("below_chance", "warning", "an attack is below chance")
    doubted = AuditReport(MEMBER, {"lira": SCORES}, guards=[guard])
    for result in (doubted.subgroups("sex", SURVEY), doubted.where_it_leaks(SURVEY)):
        assert any("guard below_chance" in note for note in result.notes)
    (order,) = report.subgroups("sex", SURVEY).notes
    assert "could not be checked" in order


def test_rows_of_one_person_count_as_what_they_are_worth():
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(200), 10)
    member = person < 100
    sex = rng.choice(["f", "m"], 200)[person]
    # Whole persons are exposed: ten equal scores, about ten persons of each sex.
    scores = rng.normal(size=200)[person] + 5 * (rng.random(200) < 0.2)[person] * member
    by_row = AuditReport(member, {"loss": scores}, max_fprs=(0.1,))
    by_person = AuditReport(member, {"loss": scores}, groups=person, max_fprs=(0.1,))
    rows, persons = (r.subgroups({"sex": sex}) for r in (by_row, by_person))
    assert persons.unit == "person"
    for one, other in zip(rows.groups, persons.groups, strict=True):
        assert one.figures.tpr == other.figures.tpr
        widths = [
            getattr(g, d).high - getattr(g, d).low
            for d in ("excess", "auc")
            for g in (one, other)
        ]
        assert widths[1] > 2 * widths[0]
        assert widths[3] > 2 * widths[2]
    few = by_person.subgroups({"sex": sex}, min_size=60)
    assert all("(persons)" in group.reason for group in few.groups)


def test_forms_hold_the_same(report, tmp_path):
    result = report.subgroups(["age", "died"], SURVEY, min_size=80)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert Subgroups.from_dict(plain) == result
    frame = result.to_frame()
    assert frame.group.tolist() == ["everybody", *(g.name for g in result.groups)]
    assert frame.n_members.iloc[0] == frame.n_members.iloc[1:].sum()
    judged = [False] + [not g.judged for g in result.groups]
    assert frame.tpr.isna().tolist() == judged
    assert max(map(len, result.summary().splitlines())) <= 88
    path = tmp_path / "report.json"
    report.including(result).to_json(path)
    again = AuditReport.from_json(path)
    assert result.summary() in again.summary()
    with pytest.raises(ValueError, match="holds figures and no records"):
        again.subgroups("label")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "weight", "X": SURVEY}, "Got 'weight' instead. Its columns are"),
        ({"by": "sex"}, "must be 'label' or values where X is None"),
        ({"by": []}, "must name a column"),
        ({"by": {"one": np.ones(N)}}, "at least two groups"),
        ({"by": {"short": np.ones(9)}}, "one entry for each row"),
        ({"by": "sex", "X": SURVEY, "attack": "rmia"}, "'attack' parameter must be"),
        ({"by": "sex", "X": SURVEY, "max_fpr": 1e-5}, "one false accusation"),
        ({"by": "sex", "X": SURVEY, "n_bins": 1}, "'n_bins' parameter"),
    ],
)
def test_refusals_say_what_to_pass(report, arguments, message):
    with pytest.raises(ValueError, match=message):
        report.subgroups(**arguments)
