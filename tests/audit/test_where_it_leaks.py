"""The search for slices that leak more, and what is said of them."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit
from _helpers.survey import is_young_and_died, make_scores, make_survey
from skmia.audit import AuditReport, Slices, audit_cv

N = 4000
MEMBER = np.arange(N) < N // 2


def made(seed, planted=True):
    rng = np.random.default_rng(seed)
    survey = make_survey(N, rng)
    more = is_young_and_died(survey) if planted else None
    scores = make_scores(MEMBER, rng, more)
    return survey, AuditReport(MEMBER, {"lira": scores}, max_fprs=(0.01,))


@pytest.fixture(scope="module")
def planted():
    return made(0)


@pytest.fixture(scope="module")
def found(planted):
    survey, report = planted
    return report.where_it_leaks(survey)


def conditions(rule):
    """The columns that a rule asks for."""
    return {name for name in make_survey(1, np.random.default_rng(0)) if name in rule}


def test_the_memorised_slice_is_found_by_its_rule(planted, found):
    survey, _ = planted
    assert len(found.slices) == 1
    best = found.slices[0]
    assert conditions(best.rule) == {"age", "died"}
    assert "died = yes" in best.rule
    truth = is_young_and_died(survey)
    assert 0.7 < best.n_members / (truth & MEMBER).sum() < 1.2
    assert best.share_low < 0.78 < best.share_high
    assert best.rest_share_high < 0.2
    assert best.accused < 0.1
    assert best.p_value < 0.001


def test_figures_are_of_the_half_that_had_no_say_in_the_rules(planted, found):
    survey, report = planted
    best = found.slices[0]
    assert best.n_checked_members < 0.7 * best.n_members
    # Where the other half alone is told otherwise, the rules are the same and the
    # figures are not.
    again = report.where_it_leaks(survey)
    assert again == found
    other = report.where_it_leaks(survey, random_state=7)
    assert other.slices[0].n_checked_members != best.n_checked_members


def test_nothing_is_found_where_exposure_is_the_same_everywhere():
    survey, report = made(1, planted=False)
    result = report.where_it_leaks(survey)
    assert result.slices == ()
    text = " ".join(result.summary().split())
    assert "Nothing found" in text
    assert "does not prove that nothing is there" in text
    assert 0 < result.visible_share < 0.5
    assert len(result.to_frame()) == 0


def test_a_slice_whose_others_are_accused_as_often_is_not_exposed():
    rng = np.random.default_rng(2)
    survey = make_survey(N, rng)
    scores = make_scores(MEMBER, rng)
    odd = is_young_and_died(survey) & (rng.random(N) < 0.7)
    report = AuditReport(MEMBER, {"loss": scores + 9 * odd}, max_fprs=(0.1,))
    # Seven in ten of them are above the threshold, members and others.
    rules = [each.rule for each in report.where_it_leaks(survey).slices]
    assert not any("died = yes" in rule for rule in rules)


def test_a_column_that_differs_between_the_sides_is_no_slice():
    rng = np.random.default_rng(3)
    survey = make_survey(N, rng)
    # Four in five members, and one in five others.
    survey["old_form"] = rng.random(N) < np.where(MEMBER, 0.8, 0.2)
    report = AuditReport(MEMBER, {"lira": make_scores(MEMBER, rng)}, max_fprs=(0.01,))
    assert report.where_it_leaks(survey).slices == ()


def test_few_records_are_said_to_be_few():
    rng = np.random.default_rng(4)
    member = np.arange(240) < 120
    report = AuditReport(member, {"loss": rng.normal(size=240)}, max_fprs=(0.1,))
    result = report.where_it_leaks(rng.normal(size=(240, 3)))
    assert result.visible_share is None
    assert "says little" in " ".join(result.summary().split())


@pytest.mark.parametrize("kind", ["polars", "numpy", "sparse", "missing"])
def test_columns_of_any_container(planted, found, kind):
    survey, report = planted
    numbers = np.column_stack([survey.age, survey.died == "yes"]).astype(float)
    names = None
    if kind == "polars":
        X = pl.from_pandas(survey)
    elif kind == "missing":
        X = survey[["age", "died"]].astype(object)
        X.loc[X.died == "no", "died"] = None
    else:
        X = numbers if kind == "numpy" else sparse.csr_matrix(numbers)
        names = ["age", "died"]
    rule = report.where_it_leaks(X, feature_names=names).slices[0].rule
    if kind in ("polars", "missing"):
        assert rule == found.slices[0].rule
    else:
        age, _, died = rule.partition(" and ")
        assert age == found.slices[0].rule.partition(" and ")[0]
        assert died in ("died = 1", "died >= 1")


@pytest.mark.parametrize("kind", ["pandas", "polars", "numpy", "sparse"])
def test_of_very_many_columns_some_are_looked_at_and_that_is_said(kind):
    rng = np.random.default_rng(9)
    X = np.where(rng.random((N, 320)) < 0.05, rng.random((N, 320)) + 0.5, 0)
    scores = make_scores(MEMBER, rng, X[:, 317] > 0)
    report = AuditReport(MEMBER, {"lira": scores}, max_fprs=(0.01,))
    table = {
        "pandas": lambda: pd.DataFrame(X).rename(columns="c{}".format),
        "polars": lambda: pl.DataFrame(X, schema=[f"c{j}" for j in range(320)]),
        "numpy": lambda: X,
        "sparse": lambda: sparse.csr_array(X),
    }[kind]()
    names = None if kind in ("pandas", "polars") else [f"c{j}" for j in range(320)]
    result = report.where_it_leaks(table, feature_names=names, max_conditions=1)
    assert [each.rule for each in result.slices] == ["c317 >= 0.5"]
    assert any("Of 320 columns, the 300" in note for note in result.notes)


def test_missing_values_can_be_the_slice():
    rng = np.random.default_rng(5)
    survey = make_survey(N, rng)
    more = survey.income.isna().to_numpy()
    report = AuditReport(
        MEMBER, {"lira": make_scores(MEMBER, rng, more)}, max_fprs=(0.01,)
    )
    rules = [each.rule for each in report.where_it_leaks(survey).slices]
    assert rules == ["income is missing"]


def test_the_label_is_looked_at_unless_a_column_has_it():
    rng = np.random.default_rng(6)
    survey = make_survey(N, rng)
    died = survey.pop("died")
    more = (died == "yes").to_numpy()
    scores = {"lira": make_scores(MEMBER, rng, more)}
    report = AuditReport(MEMBER, scores, labels=more.astype(int), max_fprs=(0.01,))
    result = report.where_it_leaks(survey)
    assert [each.rule for each in result.slices] == ["label = 1"]
    survey["died"] = died
    assert "label" not in report.where_it_leaks(survey).columns


def test_two_conditions_of_which_neither_helps_alone():
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.integers(2, size=(N, 6)), columns=list("abcdef"))
    more = (X.a == X.b).to_numpy()
    scores = make_scores(MEMBER, rng, more & (rng.random(N) < 0.5))
    report = AuditReport(MEMBER, {"lira": scores}, max_fprs=(0.01,))
    rules = {each.rule for each in report.where_it_leaks(X).slices}
    assert rules == {"a < 1 and b < 1", "a >= 1 and b >= 1"}


def test_persons_are_in_one_half_and_weigh_as_one():
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(400), 10)
    survey = make_survey(400, rng).iloc[person]
    member = person < 200
    # Twenty exposed persons of ten equal rows: by rows, any of their values stands out.
    scores = rng.normal(size=400)[person]
    report = AuditReport(member, {"loss": scores}, groups=person, max_fprs=(0.1,))
    assert report.where_it_leaks(survey).slices == ()


def test_rows_of_an_audit_and_of_a_cross_validation():
    X_in, _, X_out, _ = SETS
    result = audit().where_it_leaks((X_in, X_out))
    assert result.columns[-1] == "label"
    X, y = np.concatenate([X_in, X_out]), np.concatenate([SETS[1], SETS[3]])
    results = cross_validate(
        DecisionTreeClassifier(random_state=0),
        X,
        y,
        cv=ShuffleSplit(3, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    of_cv = audit_cv(results, X, y, attacks=["loss"], max_fprs=(0.1,), random_state=0)
    assert len(of_cv.where_it_leaks(X).columns) == X.shape[1] + 1
    groups = of_cv.subgroups("label").groups
    assert sum(group.n_members for group in groups) <= len(X)


def test_forms_hold_the_same(planted, found, tmp_path):
    _, report = planted
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Slices.from_dict(plain) == found
    assert found.to_frame().rule.tolist() == [each.rule for each in found.slices]
    assert max(map(len, found.summary().splitlines())) <= 88
    path = tmp_path / "report.json"
    report.including(found).to_json(path)
    again = AuditReport.from_json(path)
    assert found.summary() in again.summary()
    with pytest.raises(ValueError, match="holds figures and no records"):
        again.where_it_leaks(make_survey(N, np.random.default_rng(0)))


def test_refusals_say_what_to_pass(planted):
    survey, report = planted
    with pytest.raises(ValueError, match="one entry for each row"):
        report.where_it_leaks(survey.iloc[:-1])
    with pytest.raises(ValueError, match="one name for each column of X, 8"):
        report.where_it_leaks(survey, feature_names=["age"])
    with pytest.raises(ValueError, match="'max_slices' parameter"):
        report.where_it_leaks(survey, max_slices=0)
