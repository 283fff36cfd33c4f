"""Numbers of exposed people in the contents of a report, and in its text."""

import json
import warnings

import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit, cross_validate

from _helpers.audits import audit
from _helpers.persons import persons_of, sides, split
from _helpers.remembering import RemembersSome, remembered, rows_to_remember
from skmia.audit import AuditReport, Guard, audit_classifier, audit_cv
from skmia.exceptions import ExposureWarning
from skmia.metrics import most_by_chance


def of_scores(n=1000, part=0.2, shift=6.0, **kwargs):
    rng = np.random.default_rng(0)
    member, moved = np.arange(n) < n // 2, np.arange(n) < part * n // 2
    scores = {
        "loss": rng.normal(size=n) + 3 * moved,
        "lira": rng.normal(size=n) + shift * moved,
    }
    return AuditReport(member, scores, **kwargs)


def test_numbers_at_a_rate_are_those_of_the_figures():
    report = of_scores()
    risk = report.to_dict()["risk"]
    figures = {(f.attack, f.metric): f for f in report.figures}
    assert len(risk["at_fpr"]) == 6
    for entry in risk["at_fpr"]:
        figure = figures[entry["attack"], f"tpr@{entry['max_fpr']}"]
        assert entry["resolvable"] == figure.resolvable
        assert entry["by_guessing"] == 500 * entry["max_fpr"]
        if figure.resolvable:
            numbers = [entry[key] for key in ("exposed", "low", "high")]
            assert numbers == [500 * v for v in (figure.value, figure.low, figure.high)]
        else:
            assert entry["exposed"] is None


def test_the_list_in_numbers():
    report = of_scores()
    risk, table = report.to_dict()["risk"], report.records()
    listed = report.exposed(0.1)
    found = risk["listed"]
    assert risk["attack"] == "lira"
    assert found["members"] == len(listed) == found["by_attack"]["lira"]
    assert found["share"] == len(listed) / 500
    assert found["by_attack"]["loss"] == len(report.exposed(0.1, attack="loss"))
    others = table[~table["membership"]]
    above = int((others["lira"] >= listed["score"].min()).sum())
    assert found["false_alarms"] == above
    assert found["surely"] == len(listed) - most_by_chance(500, 500, above)
    assert found["surely"] <= (listed.index < 100).sum()
    assert found["fewest"] == 10
    # Of as many members as others, the list at 10 % is wrong about 1 in 11 at most.
    wrong = {entry["prior"]: entry["wrong"] for entry in found["wrong_at_prior"]}
    fpr, tpr = (1 + above) / 501, len(listed) / 500
    assert wrong[0.5] == pytest.approx(fpr / (fpr + tpr))
    assert wrong[0.5] <= 0.1 / 1.1
    assert wrong[0.1] == pytest.approx(9 * fpr / (9 * fpr + tpr))
    assert wrong[0.01] > wrong[0.1] > wrong[0.5]


def test_histograms_count_every_record_once():
    report = audit(shadows=16)
    risk, table = report.to_dict()["risk"], report.records()
    for key, column in [
        ("p_values", "p_value"),
        ("shadow_p_values", "shadow_p_value"),
        ("separation", "separation"),
    ]:
        counts = risk[key]
        assert len(counts["edges"]) == len(counts["members"]) + 1
        for side, name in ((True, "members"), (False, "nonmembers")):
            known = table[column][table["membership"] == side].notna()
            assert sum(counts[name]) == known.sum()
    assert risk["separation"]["unknown"] == 0
    assert risk["no_separation"] is None
    assert sum(risk["separation"]["shadows"]) == 16
    json.dumps(risk, allow_nan=False)


def remembering(seed, part=0.2, **kwargs):
    X, y = rows_to_remember(1200, seed)
    member = np.random.default_rng(seed).permutation(1200) < 600
    model = RemembersSome(part, random_state=seed).fit(X[member], y[member])
    sides = X[member], y[member], X[~member], y[~member]
    report = audit_classifier(model, *sides, random_state=seed, **kwargs)
    return report, remembered(X[member], part)


def test_a_threshold_for_each_record_stands_beside_the_one_for_all():
    report, _ = remembering(0, attacks="lira")
    table = report.records()
    member, p = table["membership"], table["shadow_p_value"]
    for entry in report.to_dict()["risk"]["per_record"]:
        rate = entry["max_fpr"]
        assert entry["tpr"] == (p[member] <= rate).mean()
        assert entry["fpr"] == (p[~member] <= rate).mean()
        if rate > 0.001:
            figure = report.to_frame().set_index("metric")["value"][f"tpr@{rate}"]
            assert entry["pooled_tpr"] == figure
        assert rate < entry["mean_power"] < 0.5
    # Without anything to find it is the rate itself.
    nothing, _ = remembering(0, part=0.0, attacks="lira")
    for entry in nothing.to_dict()["risk"]["per_record"][:2]:
        assert entry["mean_power"] == pytest.approx(entry["max_fpr"], rel=0.35)
    assert "With a threshold of its own for each of the members" in report.summary()


def test_few_shadows_have_no_mean_power():
    risk = audit(shadows=8).to_dict()["risk"]
    assert [entry["mean_power"] for entry in risk["per_record"]] == [None]
    assert risk["separation"]["error"] > 0.6


def test_without_shadows_the_reason_is_in_the_report():
    report = of_scores()
    risk = report.to_dict()["risk"]
    assert (risk["separation"], risk["shadow_p_values"]) == (None, None)
    assert risk["per_record"] == []
    assert "took shadow models." in risk["no_separation"]
    assert "was not measured. No attack of this audit took" in flat(report)


def flat(report):
    return " ".join(report.summary().split())


def test_the_text_says_what_the_numbers_are_about():
    text = flat(of_scores())
    assert "Exposed members (by lira) at 10 % false alarms" in text
    assert "of 500 members can be listed with at most 10 % of the list there by" in text
    assert "or more are there for more than chance (at 95 % confidence)" in text
    nothing = flat(of_scores(shift=0.0))
    assert "at most 10 % of the list there by chance. That is no sign of" in nothing
    assert "Other attacks have longer lists: loss" in nothing
    few = flat(AuditReport([True] * 9 + [False] * 5, {"a": range(14)}))
    assert "5 non-members are too few. That is no sign of safety." in few
    guard = Guard("informed_shadows", "warning", "They know.")
    assert "makes these numbers void, too" in flat(of_scores(guards=[guard]))
    assert "void, too" not in text


def test_the_text_is_that_of_a_report_from_a_file(tmp_path):
    report = audit(shadows=16)
    report.to_json(tmp_path / "report.json")
    assert AuditReport.from_json(tmp_path / "report.json").summary() == report.summary()


def test_persons_are_counted_where_they_are_known():
    X, y, groups = persons_of(np.full(120, 3))
    member = split(groups)
    model = RemembersSome(random_state=0).fit(X[member], y[member])
    sets, pair = sides(X, y, groups, member)
    report = audit_classifier(
        model, *sets, groups=pair, attacks="lira", random_state=0, max_fprs=(0.1,)
    )
    risk = report.to_dict()["risk"]
    assert (risk["unit"], risk["members"], risk["nonmembers"]) == ("person", 60, 60)
    assert sum(risk["separation"]["members"]) == 60
    assert risk["at_fpr"][0]["by_guessing"] == 6
    assert "of 60 persons among the members [" in flat(report)


def test_numbers_of_several_models_are_means():
    X, y = rows_to_remember(400)
    results = cross_validate(
        *(RemembersSome(0.4, 12.0, random_state=0), X, y),
        cv=ShuffleSplit(6, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    report = audit_cv(results, X, y, attacks="loss", random_state=0)
    risk = report.to_dict()["risk"]
    assert (risk["models"], risk["members"]) == (6, 200)
    listed = report.exposed(0.1)
    assert risk["listed"]["members"] == pytest.approx(len(listed) / 6)
    assert sum(risk["p_values"]["members"]) == 6 * 200


@pytest.mark.slow
def test_lists_are_wrong_as_rarely_as_they_promise():
    # The long version, with persons and splits, is benchmarks/exposed_members.py.
    wrong, named, broken = [], [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExposureWarning)
        for seed in range(8):
            report, kept = remembering(seed, max_fprs=(0.1,))
            listed = report.exposed(0.1).index
            right = kept[listed].sum()
            wrong.append(1 - right / max(len(listed), 1) if len(listed) else 0.0)
            named.append(right / kept.sum())
            broken += report.to_dict()["risk"]["listed"]["surely"] > right
    assert np.mean(wrong) <= 0.1
    assert np.mean(named) > 0.3
    assert broken <= 1
