"""Exposed groups that a question about groups would pass over, and call all alike."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, audit_classifier, audit_cv, audit_predictions

N = 6000
MEMBER = np.arange(N) < N // 2


def report_on(exposed, seed=0):
    """Scores by which the members among some records are known for sure."""
    scores = np.random.default_rng(seed).normal(size=N)
    return AuditReport(MEMBER, {"lira": scores + 6 * (MEMBER & exposed)})


@pytest.mark.parametrize("n_hospitals", [22, 30])
def test_the_rarest_of_many_categories_is_looked_at(n_hospitals):
    chances = np.ones(n_hospitals)
    chances[-1] = 0.75
    rng = np.random.default_rng(1)
    number = rng.choice(n_hospitals, N, p=chances / chances.sum())
    survey = pd.DataFrame(
        {
            "hospital": [f"H{code:02d}" for code in number],
            "age": rng.integers(18, 90, N),
        }
    )
    found = report_on(number == n_hospitals - 1).where_it_leaks(survey)
    assert [s.rule for s in found.slices] == [f"hospital = H{n_hospitals - 1:02d}"]
    assert found.slices[0].share > 0.9
    assert not any("Not looked at" in note for note in found.notes)


def test_categories_that_are_too_rare_are_said_to_be_left_out():
    rng = np.random.default_rng(0)
    number = np.where(rng.random(N) < 0.01, rng.integers(2, 8, N), rng.integers(2))
    survey = pd.DataFrame({"ward": [f"w{code}" for code in number]})
    found = report_on(number > 1).where_it_leaks(survey)
    (note,) = [note for note in found.notes if "too rare to be judged" in note]
    assert f"6 categories of ward ({(number > 1).sum()} records)" in note
    assert "of what was looked at" in found.sentences()[0]
    assert note in found.sentences()


def test_a_column_of_names_is_said_to_be_left_out():
    survey = pd.DataFrame({"name": [f"person {i}" for i in range(N)]})
    found = report_on(np.zeros(N, dtype=bool)).where_it_leaks(survey)
    assert found.n_rules == 0
    assert any("too many values: name (6,000 values)" in note for note in found.notes)
    assert any("nothing was found says nothing" in line for line in found.sentences())
    assert "can be found" not in found.summary()


def dates():
    day = np.random.default_rng(2).integers(0, 1000, N)
    times = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"))
    zoned = times.dt.tz_localize("Europe/Berlin")
    frames = {
        "zoned": pd.DataFrame({"admitted": zoned}),
        "objects": pd.DataFrame({"admitted": zoned.astype(object)}),
        "text": pd.DataFrame({"admitted": times.dt.strftime("%Y-%m-%d")}),
        "text with times": pd.DataFrame(
            {"admitted": zoned.map(pd.Timestamp.isoformat)}
        ),
        "days": pd.DataFrame({"admitted": times.dt.date}),
        "polars": pl.DataFrame({"admitted": pl.Series(times.to_list())}).with_columns(
            pl.col("admitted").dt.replace_time_zone("Europe/Berlin")
        ),
    }
    return day, frames


@pytest.mark.parametrize("kind", list(dates()[1]))
def test_dates_are_cut_however_they_are_written(kind):
    day, frames = dates()
    report = report_on(day >= 850)
    found = report.where_it_leaks(frames[kind])
    assert [s.rule for s in found.slices] == ["admitted >= 2022-04-30"]
    groups = report.subgroups("admitted", frames[kind]).groups
    assert len(groups) == 4
    assert groups[-1].finding == "more"


@pytest.fixture(scope="module")
def audited():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 800).astype(float),
            "income": rng.normal(size=800),
            "job": rng.choice(["clerk", "none"], 800),
        }
    )
    y = rng.integers(0, 2, 800)
    return frame, y


def halves(rows):
    return rows[:400], rows[400:]


def sorted_by_age(rows):
    if isinstance(rows, np.ndarray):
        return rows[np.argsort(rows[:, 0], kind="stable")]
    if isinstance(rows, pl.DataFrame):
        return rows.sort("age")
    return rows.sort_values("age", kind="stable").reset_index(drop=True)


CONTAINERS = {
    "array": lambda frame: frame[["age", "income"]].to_numpy(),
    "pandas": lambda frame: frame[["age", "income"]],
    "polars": lambda frame: pl.from_pandas(frame[["age", "income"]]),
}


def audit(X, y):
    model = DecisionTreeClassifier(max_depth=6, random_state=0).fit(X[:400], y[:400])
    sides = X[:400], y[:400], X[400:], y[400:]
    report = audit_classifier(model, *sides, attacks=["loss"], random_state=0)
    return pickle.loads(pickle.dumps(report))


@pytest.mark.parametrize("kind", list(CONTAINERS))
def test_rows_in_another_order_are_refused_in_every_container(audited, kind):
    frame, y = audited
    X = CONTAINERS[kind](frame)
    report = audit(X, y)
    assert report.where_it_leaks(halves(X)).notes == ()
    moved = tuple(map(sorted_by_age, halves(X)))
    with pytest.raises(ValueError, match=r"another order|the order of the audit"):
        report.where_it_leaks(moved)
    if kind != "array":
        # Known by the audited columns, with another one and in another order of them.
        more = frame if kind == "pandas" else pl.from_pandas(frame)
        more = more[["job", "income", "age"]]
        assert report.subgroups("job", halves(more)).notes == ()
        with pytest.raises(ValueError, match=r"another order|the order of the audit"):
            report.subgroups("job", tuple(map(sorted_by_age, halves(more))))


def test_an_order_that_cannot_be_checked_is_said(audited):
    frame, y = audited
    report = audit(CONTAINERS["array"](frame), y)
    jobs = halves(frame["job"].to_numpy())
    for result in (
        report.subgroups(jobs),
        report.subgroups({"job": jobs}),
        report.where_it_leaks(halves(frame[["job"]])),
    ):
        assert any("could not be checked" in note for note in result.notes)
    assert report.subgroups("label").notes == ()


def test_a_cross_validation_knows_its_rows_again(audited):
    frame, y = audited
    X = CONTAINERS["array"](frame)
    cv = ShuffleSplit(4, test_size=0.5, random_state=0)
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    results = cross_validate(
        model, X, y, cv=cv, return_estimator=True, return_indices=True
    )
    report = audit_cv(results, X, y, attacks=["loss"], random_state=0)
    assert report.where_it_leaks(X).notes == ()
    with pytest.raises(ValueError, match="the order of the audit"):
        report.where_it_leaks(X[::-1])


def test_an_audit_of_predictions_takes_the_groups_of_its_nonmembers():
    rng = np.random.default_rng(0)
    proba, y = rng.dirichlet([1, 1], size=400), rng.integers(0, 2, 400)
    sides = proba[:150], y[:150], proba[150:], y[150:]
    report = audit_predictions(*sides, classes=[0, 1])
    groups = report.subgroups((["a"] * 150, ["b"] * 100 + ["c"] * 150)).groups
    sizes = {group.name: (group.n_members, group.n_nonmembers) for group in groups}
    assert sizes == {
        "group = a": (150, 0),
        "group = b": (0, 100),
        "group = c": (0, 150),
    }
