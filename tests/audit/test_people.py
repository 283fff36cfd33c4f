"""Records and exposed members of a report: by hand, by person, and by model."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, cross_validate

from _helpers.audits import audit
from _helpers.remembering import RemembersSome, remembered, rows_to_remember
from skmia.attacks import RecordSeparation
from skmia.audit import AuditReport, Guard, audit_classifier, audit_cv, audit_learner
from skmia.exceptions import ExposureWarning
from skmia.metrics import exposed_members, membership_p_values, tpr_at_fpr
from skmia.shadows import fit_shadows
from skmia.signals import logit

NEW = ["exposed", "rank", "p_value", "separation", "separation_error"]
NEW += ["shadow_p_value"]


def mixture(n=600, part=0.2, seed=0, shift=6.0, **kwargs):
    """A report whose first members stand out, and which they are."""
    rng = np.random.default_rng(seed)
    member, moved = np.arange(n) < n // 2, np.arange(n) < part * n // 2
    scores = {
        "loss": rng.normal(size=n) + 2 * moved,
        "lira": rng.normal(size=n) + shift * moved,
    }
    index = pd.Index([f"patient-{i}" for i in range(n)])
    return AuditReport(member, scores, index=index, **kwargs), moved


def test_records_by_hand():
    member = [True] * 4 + [False] * 10
    scores = [9, 7, 5, 1, 8, 7, *range(7, -1, -1)]
    table = AuditReport(member, {"a": scores}, max_fprs=(0.1,)).records()
    assert list(table.columns) == ["membership", "a", *NEW]
    # One non-member may be accused: the one at 8, and no part of those at 7.
    assert table["exposed"].tolist() == [True] + [False] * 3 + [True] + [False] * 9
    ranks = [1, 3, 7, 12, 2, 3, 3, 6, 7, 9, 10, 11, 12, 14]
    assert table["rank"].tolist() == ranks
    assert_allclose(table["p_value"][:4], np.array([1, 4, 6, 10]) / 11)
    assert table[["separation", "shadow_p_value"]].isna().all(axis=None)
    assert "No attack of this audit took shadow" in table.attrs["separation"]


@pytest.mark.parametrize("step", [0.01, 1, 3, 100])
@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_the_share_of_exposed_members_is_the_tpr(step, rate):
    rng = np.random.default_rng(1)
    member = np.arange(900) < 500
    scores = np.round((rng.normal(size=900) + member) / step)
    report = AuditReport(member, {"a": scores}, max_fprs=(rate,))
    table = report.records(max_fpr=rate)
    found = table["exposed"][member].mean()
    assert found == pytest.approx(tpr_at_fpr(member, scores, rate), abs=1 / 500)
    assert table["exposed"][~member].mean() <= rate
    pd.testing.assert_frame_equal(table, report.records(max_fpr=rate))


def test_the_list_is_keyed_by_the_index_of_the_user():
    report, moved = mixture()
    member = np.arange(600) < 300
    table = report.records()
    listed = report.exposed(0.1, attack="lira")
    expected = exposed_members(member, table["lira"], fdr=0.1)
    assert set(listed.index) == set(table.index[expected])
    assert expected[moved].mean() > 0.9
    assert list(listed.columns) == [
        *("attack", "score", "rank", "p_value", "least_fdr"),
        *("separation", "separation_error"),
    ]
    assert listed["least_fdr"].is_monotonic_increasing
    assert (listed["least_fdr"] <= 0.1).all()
    assert_array_equal(listed["score"], table.loc[listed.index, "lira"])
    assert_array_equal(listed["rank"], table.loc[listed.index, "rank"])
    assert len(report.exposed(0.3)) > len(listed) > len(report.exposed(0.05))


def test_the_attack_is_settled_before_there_is_a_score():
    report, _ = mixture(shift=0.0)
    # LiRA finds nothing here, and the threshold on the loss does.
    assert report.records().attrs["attack"] == "lira"
    with pytest.warns(ExposureWarning, match="no sign of safety"):
        assert report.exposed(0.1).empty
    member, scores = np.arange(40) < 20, np.arange(40.0)
    for names, expected in [
        (["mine", "yours"], "mine"),
        (["mine", "loss", "stacked"], "stacked"),
        (["gap", "loss"], "loss"),
        (["gap"], "gap"),
    ]:
        made = AuditReport(member, dict.fromkeys(names, scores), max_fprs=(0.1,))
        assert made.to_dict()["risk"]["attack"] == expected


def test_all_attacks_share_the_error():
    report, _ = mixture()
    each = [report.exposed(0.05, attack=name) for name in ("loss", "lira")]
    both = report.exposed(0.1, attack="all")
    assert set(both.index) == set().union(*(listed.index for listed in each))
    assert set(both["attack"]) == {"loss", "lira"}
    table = {name: report.records(attack=name) for name in ("loss", "lira")}
    for key, row in both.iterrows():
        of = table[row["attack"]].loc[key]
        assert (row["score"], row["rank"]) == (of[row["attack"]], of["rank"])
        assert row["p_value"] == of["p_value"]


def test_of_many_attacks_the_usual_one_bears_half_of_the_error():
    rng = np.random.default_rng(0)
    member, moved = np.arange(800) < 400, np.arange(800) < 80
    names = ("loss", "lira", "mine", "gap")
    scores = {name: rng.normal(size=800) + 3 * moved for name in names}
    report = AuditReport(member, scores)
    shares = {"loss": 0.25, "lira": 0.5, "mine": 0.25}
    lists = [report.exposed(0.4 * part, attack=name) for name, part in shares.items()]
    both = report.exposed(0.4, attack="all")
    assert set(both.index) == set().union(*(listed.index for listed in lists))


def test_persons_are_listed_once():
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(300), 3)
    member = persons < 150
    scores = rng.normal(size=300)[persons] + rng.normal(size=900) + 9 * (persons < 30)
    report = AuditReport(member, {"a": scores}, groups=[f"p{i}" for i in persons])
    by_person = report.records("person")
    expected = exposed_members(by_person["membership"], by_person["a"], fdr=0.1)
    listed = report.exposed(0.1)
    assert set(listed.index) == set(by_person.index[expected])
    assert listed.index.is_unique
    assert listed["n_rows"].tolist() == [3] * len(listed)
    p = membership_p_values(by_person["membership"], by_person["a"])
    assert_array_equal(by_person["p_value"], p)
    assert report.to_dict()["risk"]["unit"] == "person"


@pytest.fixture(scope="module")
def splits():
    X, y = rows_to_remember(400)
    results = cross_validate(
        RemembersSome(0.4, 12.0, random_state=0),
        X,
        y,
        cv=ShuffleSplit(6, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    return audit_cv(results, X, y, attacks=["loss", "lira"], random_state=0), X


def test_of_several_models_each_has_its_own_list(splits):
    report, X = splits
    table, listed = report.records(), report.exposed(0.2, attack="loss")
    assert len(listed)
    for k, of in table.groupby("split"):
        expected = exposed_members(of["membership"], of["loss"], fdr=0.2)
        own = listed[listed["split"] == k]
        assert set(own.index) == set(of.index[expected])
        p = membership_p_values(of["membership"], of["lira"])
        assert_array_equal(of["p_value"], p)
        assert of["rank"].min() == 1
        assert of["rank"].max() <= len(of)
    kept = remembered(X, 0.4)[table.index]
    assert table["separation"][kept].median() > 2
    assert abs(table["separation"][~kept].median()) < 1


def test_separations_of_persons_are_found_in_every_split():
    X, y = rows_to_remember(300)
    persons = np.arange(300) // 2
    # Both rows of a person are remembered, or none is.
    X[:, 0] = (persons + X[:, 0]) / 150
    results = cross_validate(
        *(RemembersSome(0.4, 12.0, random_state=0), X, y),
        cv=GroupShuffleSplit(10, test_size=0.5, random_state=0),
        groups=persons,
        return_estimator=True,
        return_indices=True,
    )
    names = np.array([f"p{i:03}" for i in persons])[::-1]
    report = audit_cv(results, X, y, groups=names, attacks="loss", random_state=0)
    rows, by_person = report.records(), report.records("person")
    for k, of in by_person.groupby("split"):
        own = rows[rows["split"] == k].groupby("person")["separation"].mean()
        # The mean of two rows has a smaller spread than each.
        assert own.corr(of["separation"]) > 0.9
    kept = by_person.index > "p089"
    assert by_person["separation"][kept].median() > 3
    assert abs(by_person["separation"][~kept].median()) < 1


def test_every_model_of_a_learner_has_ranks_and_separations():
    X, y = rows_to_remember(200)
    learner = RemembersSome(0.4, 12.0)
    report = audit_learner(learner, X, y, n_models=16, attacks="loss", random_state=0)
    table = report.records()
    kept = remembered(X, 0.4)[table.index]
    assert table["separation"].notna().mean() > 0.9
    assert table["separation"][kept].median() > 2
    assert abs(table["separation"][~kept].median()) < 1
    assert report.to_dict()["risk"]["models"] == 16
    # A separation is nearly the same whichever of the models is the target.
    spread = table.groupby(table.index)["separation"].std()
    assert (spread < table.groupby(table.index)["separation_error"].mean()).mean() > 0.9


def test_separations_are_those_of_the_shadows_of_the_audit():
    X, y = rows_to_remember(300)
    member = np.arange(300) < 150
    model = RemembersSome(random_state=1).fit(X[member], y[member])
    made = fit_shadows(model, X, y, shadows=16, random_state=0)
    sets = (X[member], y[member], X[~member], y[~member])
    report = audit_classifier(
        model, *sets, attacks=["lira"], shadows=made, random_state=0, max_fprs=(0.1,)
    )
    known = RecordSeparation.of(
        logit(model.predict_proba(X), y), made.get("logit"), made.member
    )
    table = report.records()
    assert table.attrs["separation"] == "known"
    assert_allclose(table["separation"], known.separation)
    assert_allclose(table["separation_error"], known.error)
    assert_allclose(table["shadow_p_value"], known.p_value)
    kept = remembered(X)
    assert table["shadow_p_value"][kept & member].median() < 0.1
    assert table["shadow_p_value"][~kept].median() > 0.3


def test_the_reason_is_given_where_there_are_no_separations():
    def reason(**kwargs):
        return audit(**kwargs).records().attrs["separation"]

    assert "No attack of this audit took shadow models" in reason(attacks="loss")
    X, y = rows_to_remember(120)
    results = cross_validate(
        *(LogisticRegression(), X, y),
        cv=2,
        return_estimator=True,
        return_indices=True,
    )
    table = audit_cv(results, X, y).records(max_fpr=0.1)
    assert "There are no shadow models." in table.attrs["separation"]
    assert table["separation"].isna().all()


def test_too_few_nonmembers_are_an_error_and_an_empty_list_a_warning():
    few = AuditReport([True] * 30 + [False] * 5, {"a": [*range(35)][::-1]})
    with pytest.raises(ValueError, match=r"fdr=0.1: 5, where it takes 9 at least"):
        few.exposed(0.1)
    assert few.exposed(0.2).shape[0] == 30
    assert few.records()["exposed"].isna().all()
    assert "Nobody can be listed with at most 10 %" in few.summary()
    member = np.arange(1100) < 1000
    none = AuditReport(member, {"a": np.where(np.arange(1100) < 98, 1, 0)})
    with pytest.warns(ExposureWarning, match="shortest list there may be has 100 mem"):
        assert none.exposed(0.1).empty


def test_sides_that_were_not_drawn_alike_are_warned_of():
    guard = Guard("blind_classifier", "warning", "The sets differ.")
    report, _ = mixture(guards=[guard])
    with pytest.warns(ExposureWarning, match="so: blind_classifier. The sets differ."):
        assert len(report.exposed())


def of_sizes(members, nonmembers, seed=0):
    """A report where nothing leaks, of persons with so many rows."""
    sizes = np.concatenate([members, nonmembers])
    persons = np.repeat(np.arange(len(sizes)), sizes)
    scores = np.random.default_rng(seed).normal(size=len(persons))
    return AuditReport(persons < len(members), {"a": scores}, groups=persons)


def test_persons_with_other_numbers_of_rows_are_warned_of():
    few_or_many, as_many = np.tile([1, 19], 300), np.full(600, 10)
    # Half of the members have one row, which is farther out than a mean of ten: nothing
    # leaks, and many are listed.
    report = of_sizes(few_or_many, as_many)
    with pytest.warns(ExposureWarning, match="rows_per_person. Members have 1 to 19"):
        assert len(report.exposed()) > 50
    with pytest.warns(ExposureWarning, match="rows_per_person. Members have"):
        of_sizes(as_many // 10, as_many).exposed()
    with pytest.warns(ExposureWarning) as caught:
        of_sizes(few_or_many, few_or_many).exposed()
    assert ["No member is listed" in str(w.message) for w in caught] == [True]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda r: r.exposed(0), "'fdr' parameter"),
        (lambda r: r.exposed(attack="rmia"), "'attack' parameter must be one of"),
        (lambda r: r.records(attack="all"), "'attack' parameter must be one of"),
        (lambda r: r.records(max_fpr=0.001), "not resolvable"),
        (lambda r: r.records(max_fpr=2), "'max_fpr' parameter"),
    ],
)
def test_what_makes_no_sense_is_an_error(call, match):
    with pytest.raises(ValueError, match=match):
        call(mixture()[0])


def test_a_report_from_a_file_names_nobody(tmp_path):
    report, _ = mixture()
    report.to_json(tmp_path / "report.json")
    assert "patient-" not in (tmp_path / "report.json").read_text()
    assert "patient-" not in report.summary()
    again = AuditReport.from_json(tmp_path / "report.json")
    for question in (again.records, again.exposed):
        with pytest.raises(ValueError, match="a file holds figures and no records"):
            question()
