"""Decisions: what is over a limit, what keeps none, and what cannot be judged."""

import copy
import functools
import json

import numpy as np
import pytest
from scipy.stats import norm

from skmia.audit import AuditReport, Decision, Guard, Policy
from skmia.metrics import get_metric


@functools.cache
def gate_report(*shifts, guards=()):
    """A report of attacks that see members so much higher, at a spread of one."""
    member = np.arange(400) < 200
    rng = np.random.RandomState(0)
    scores = {
        f"attack {i}": rng.normal(size=400) + shift * member
        for i, shift in enumerate(shifts)
    }
    return AuditReport(member, scores, guards=guards)


def gate(metric, limit, **options):
    """The policy of a limit on a metric by its name."""
    stem, _, rate = metric.partition("@")
    limits = {float(rate): limit} if rate else limit
    return Policy(**{f"max_{stem}": limits}, **options)


def ruling(decision, rule):
    (found,) = (r for r in decision.rulings if r.rule == rule)
    return found


def figure(report, metric):
    return next(f for f in report.figures if f.metric == metric)


@pytest.mark.parametrize("compare", ["value", "upper"])
@pytest.mark.parametrize("metric", ["auc", "advantage", "tpr@0.1"])
def test_trap_46_one_attack_below_chance_beside_one_above_is_revised(metric, compare):
    policy = gate(metric, 0.9, compare=compare)
    assert gate_report(0.3, 0.1).decide(policy).outcome == "release"
    report = gate_report(0.3, -0.5)
    # The wrong reading: every figure is under the limit.
    assert report.worst(metric)[1] < 0.9
    decision = report.decide(policy)
    assert decision.outcome == "revise"
    (line,) = decision.reasons
    assert line.startswith("above_chance: Below chance, by the whole interval")
    assert "AUC of 'attack 1'" in line
    # The figures that another attack reads stand.
    refused = report.decide(gate("auc", 0.1, compare=compare))
    assert refused.outcome == "refuse"


def test_trap_46_a_tpr_below_its_fpr():
    member = np.arange(2000) < 1000
    noise = np.random.RandomState(0).normal(size=2000)
    policy = gate("tpr@0.1", 0.5)
    # No member is at the top, and the AUC is that of a guess.
    flat = np.where(member, 0.7 * noise, noise)
    report = AuditReport(member, {"loss": flat})
    assert figure(report, "auc").low < 0.5 < figure(report, "auc").high
    assert figure(report, "tpr@0.1").high < 0.1
    decision = report.decide(policy)
    assert decision.outcome == "revise"
    assert "TPR at 10 % FPR of 'loss'" in decision.reasons[0]
    # Not where another figure is limited.
    assert report.decide(gate("auc", 0.6)).outcome == "release"
    # An attack that finds members is not one to be turned round.
    report = AuditReport(member, {"loss": np.where(member, 0.4 * noise + 0.3, noise)})
    assert figure(report, "auc").low > 0.5
    assert figure(report, "tpr@0.1").high < 0.1
    assert report.decide(policy).outcome == "release"


@pytest.mark.parametrize("compare", ["value", "upper"])
@pytest.mark.parametrize("end", ["value", "low", "high"])
@pytest.mark.parametrize("broken", [None, float("nan"), float("inf"), "0.1", True])
@pytest.mark.parametrize("which", [0, -1])
def test_what_is_no_number_passes_no_gate(compare, end, broken, which):
    """No report of ours holds one; one that did must not pass."""
    contents = gate_report(0.3, 0.1).to_dict()
    policy = gate("auc", 0.99, compare=compare)
    assert Decision.of(contents, policy).outcome == "release"
    auc = [f for f in contents["figures"] if f["metric"] == "auc"]
    auc[which][end] = broken
    decision = Decision.of(contents, policy)
    assert decision.outcome == "revise"
    assert ruling(decision, "max_auc").result == "not_measured"


def contents_of(member, scores):
    """The part of a report's contents that a limit on the AUC looks at."""
    metric = get_metric("auc")
    low, high = metric.interval(member, scores)
    auc = {"attack": "loss", "metric": "auc", "unit": "row", "low": low, "high": high}
    auc["value"] = metric.value(member, scores)
    n = int((~member).sum())
    counts = {"nonmembers": n, "nonmember_persons": None, "models": 1}
    found = {"figures": [auc], "strongest": [auc], "guards": [], "counts": counts}
    return found | {"confidence_level": 0.95}


def test_the_contents_of_the_simulations_are_those_of_a_report():
    member = np.arange(400) < 200
    scores = np.random.RandomState(0).normal(size=400) + 0.3 * member
    report = AuditReport(member, {"loss": scores})
    for limit in (0.5, 0.6, 0.9):
        policy = gate("auc", limit)
        (ours,) = (
            r
            for r in Decision.of(contents_of(member, scores), policy).rulings
            if r.rule == "max_auc"
        )
        assert ruling(report.decide(policy), "max_auc") == ours


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "seen"), [(10, 0.35), (25, 0.28), (50, 0.20), (100, 0.10)]
)
def test_trap_47_how_many_audits_of_a_model_over_the_limit_pass(n, seen):
    """True AUC .65, limit .60, 1,000 audits: shares within four standard errors."""
    rng = np.random.RandomState(0)
    member = np.arange(2 * n) < n
    shift = np.sqrt(2) * norm.ppf(0.65)
    passed = {"value": 0, "upper": 0}
    for _ in range(1000):
        contents = contents_of(member, rng.normal(size=2 * n) + shift * member)
        for compare in passed:
            decision = Decision.of(contents, gate("auc", 0.6, compare=compare))
            passed[compare] += decision.outcome == "release"
    assert abs(passed["value"] / 1000 - seen) < 4 * np.sqrt(seen * (1 - seen) / 1000)
    assert passed["upper"] <= 10 + 4 * np.sqrt(10)


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 200])
def test_how_many_audits_of_a_model_at_the_limit_are_refused(n):
    """True AUC .60 is no breach of .60: at most the error of one end, 2.5 %.

    Of 1,000 audits, within four standard errors.
    """
    rng = np.random.RandomState(1)
    member = np.arange(2 * n) < n
    shift = np.sqrt(2) * norm.ppf(0.6)
    refused = 0
    for _ in range(1000):
        contents = contents_of(member, rng.normal(size=2 * n) + shift * member)
        refused += Decision.of(contents, gate("auc", 0.6)).outcome == "refuse"
    assert refused <= 25 + 4 * np.sqrt(25)


def test_a_limit_below_inside_and_above_the_interval():
    report = gate_report(0.3)
    auc = figure(report, "auc")
    low = report.strongest("auc").low
    cases = {
        low - 1e-6: ("refuse", "broken"),
        low: ("revise", "unclear"),
        auc.value: ("revise", "unclear"),
        # The wrong reading of trap 47: the figure is below, and what it stands for
        # need not be.
        (auc.value + auc.high) / 2: ("revise", "unclear"),
        auc.high: ("release", "kept"),
    }
    for limit, expected in cases.items():
        decision = report.decide(Policy(max_auc=limit))
        found = ruling(decision, "max_auc")
        assert (decision.outcome, found.result) == expected
        assert (found.limit, found.value, found.high) == (limit, auc.value, auc.high)
        assert (found.low, found.attack) == (low, "attack 0")
    # A gate on the figure itself.
    by_value = [
        report.decide(Policy(max_auc=limit, compare="value")).outcome for limit in cases
    ]
    assert by_value == ["refuse", "revise", "release", "release", "release"]


def test_the_sentences_of_a_limit():
    report = gate_report(0.3)
    auc, low = figure(report, "auc"), report.strongest("auc").low

    def reason(limit):
        return ruling(report.decide(Policy(max_auc=limit)), "max_auc").reason

    assert reason(0.5) == f"The AUC is at least {low:.4g}, over the limit of 0.5."
    assert reason(0.6) == (
        f"The AUC may be up to {auc.high:.4g} (attack 0), over the limit of 0.6, and "
        f"is at least {low:.4g}: these records show neither that the limit is kept nor "
        "that it is not."
    )
    assert reason(0.9) == (
        f"The AUC may be up to {auc.high:.4g} (attack 0), within the limit of 0.9."
    )


def test_the_worst_attack_counts_and_every_limit():
    report = gate_report(0.0, 2.0, 0.3)
    decision = report.decide(
        Policy(max_auc=0.999, max_advantage=0.2, max_tpr={0.1: 0.2, 0.01: 0.999})
    )
    results = {r.rule: r.result for r in decision.rulings}
    assert results == {
        "comparison": "kept",
        "above_chance": "kept",
        "max_auc": "kept",
        "max_advantage": "broken",
        "max_tpr@0.1": "broken",
        "max_tpr@0.01": "kept",
    }
    assert decision.outcome == "refuse"
    assert {r.attack for r in decision.rulings if r.limit is not None} == {"attack 1"}
    assert [line.partition(":")[0] for line in decision.reasons] == [
        "max_advantage",
        "max_tpr@0.1",
    ]


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        (0.05, "no TPR at 5 % FPR; audit again at max_fprs=(0.05,)"),
        (0.001, "needs 1,000 non-members, and there are 200"),
    ],
)
def test_what_was_not_measured_never_passes(rate, says):
    decision = gate_report(0.3).decide(Policy(max_auc=0.99, max_tpr={rate: 0.999}))
    assert decision.outcome == "revise"
    found = ruling(decision, f"max_tpr@{rate}")
    assert found.result == "not_measured"
    assert says in found.reason
    # It is no excuse for what was measured.
    decision = gate_report(2.0).decide(Policy(max_auc=0.6, max_tpr={rate: 0.999}))
    assert decision.outcome == "refuse"


VOID = Guard("unmoved_shadows", "warning", "The shadows answer alike.")


@pytest.mark.parametrize("shift", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("limit", [0.001, 0.6, 0.999])
def test_a_void_report_is_revised_whatever_it_reads(shift, limit):
    report = gate_report(shift, guards=(VOID,))
    decision = report.decide(Policy(max_auc=limit))
    assert decision.outcome == "revise"
    assert decision.reasons[0].startswith(
        "comparison: 'unmoved_shadows': The shadows answer alike. No limit is kept"
    )


def test_a_note_of_a_guard_that_voids_does_not():
    note = Guard("unsteady_answers", "note", "A little.")
    report = gate_report(0.1, guards=(note,))
    assert report.decide(Policy(max_auc=0.9)).outcome == "release"


def test_guards_that_must_not_fire():
    warning = Guard("near_copies", "warning", "The sets differ.")
    note = Guard("shared_rows", "note", "2 rows were left out.")
    tied = Guard("tied_scores", "note", "Many share a score.")
    report = gate_report(3.0, guards=(warning, note, tied))
    asked = {
        "near_copies": "broken",
        "shared_rows": "kept",
        "tied_scores": "broken",
    }
    for name, result in asked.items():
        decision = report.decide(Policy(max_auc=0.999, require=[name]))
        found = ruling(decision, f"require:{name}")
        assert found.result == result
        assert decision.outcome == ("release" if result == "kept" else "revise")
        # Where it fires, figures show nothing either way.
        low = report.decide(Policy(max_auc=0.6, require=[name]))
        assert low.outcome == ("refuse" if result == "kept" else "revise")
    # Unless a policy asks, a warning is said and no more.
    decision = report.decide(Policy(max_auc=0.999))
    assert decision.outcome == "release"
    assert any("'near_copies'" in remark for remark in decision.remarks)
    assert "The sets differ." in " ".join(decision.summary().split())


def test_what_is_not_applicable_is_named_with_its_reason():
    report = gate_report(0.3)
    policy = Policy(
        max_auc=0.9,
        max_tpr={0.1: 0.001, 0.001: 0.002},
        not_applicable={
            "max_tpr": "a census: everybody is a member",
            "max_exposed": "no persons",
        },
    )
    decision = report.decide(policy)
    assert decision.outcome == "release"
    assert decision.not_applied == ["max_tpr@0.1", "max_tpr@0.001", "max_exposed"]
    for form in (decision.headline, decision.summary()):
        assert "not applied: max_tpr@0.1, max_tpr@0.001, max_exposed" in " ".join(
            form.split()
        )
    found = ruling(decision, "max_tpr@0.1")
    assert found.result == "not_applicable"
    assert "a census: everybody is a member" in found.reason
    # What it would have been is not hidden.
    assert "over the limit of 0.1 %" in found.reason
    assert found.limit == 0.001
    # One rate of several.
    policy = Policy(
        max_tpr={0.1: 0.9, 0.001: 0.002}, not_applicable={"max_tpr@0.001": "too few"}
    )
    assert report.decide(policy).not_applied == ["max_tpr@0.001"]
    assert report.decide(policy).outcome == "release"


def test_a_release_needs_a_limit_that_is_kept():
    report = gate_report(0.3)
    policy = Policy(max_auc=0.9, not_applicable={"max_auc": "a reason"})
    decision = report.decide(policy)
    assert decision.outcome == "revise"
    assert decision.reasons == [
        "max_auc: Declared not applicable: a reason. Otherwise: "
        f"{ruling(report.decide(Policy(max_auc=0.9)), 'max_auc').reason}"
    ]


def test_what_makes_a_comparison_void_cannot_be_declared_away():
    with pytest.raises(ValueError, match="must be on rules out of"):
        Policy(max_auc=0.9, not_applicable={"comparison": "we know"})
    with pytest.raises(ValueError, match="Got 'above_chance' instead"):
        Policy(max_auc=0.9, not_applicable={"above_chance": "we know"})


def test_a_report_from_a_file_is_decided_alike(tmp_path):
    report = gate_report(0.3, 1.0, guards=(VOID,))
    report.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    for limit in (0.1, 0.7, 0.99):
        policy = Policy(max_auc=limit, max_tpr={0.1: limit})
        assert again.decide(policy) == report.decide(policy)


def test_a_report_shows_its_decision_in_every_form(tmp_path):
    report = gate_report(0.3)
    decision = report.decide(Policy(max_auc=0.6, name="Ours", source="A page"))
    shown = report.including(decision)
    assert "Decision" not in report.summary()
    assert decision.summary() in shown.summary()
    assert "Policy: Ours: A page" in decision.summary()
    assert max(map(len, decision.summary().splitlines())) <= 80
    shown.to_json(tmp_path / "report.json")
    again = AuditReport.from_json(tmp_path / "report.json")
    assert again.summary() == shown.summary()
    (entry,) = json.loads((tmp_path / "report.json").read_text())["sections"]
    assert (entry["section"], entry["outcome"]) == ("decision", "revise")
    assert Decision.from_dict(decision.to_dict()) == decision
    # A decision in a file is none of the next one's reasons.
    assert again.decide(Policy(max_auc=0.99)).outcome == "release"


def test_a_decision_that_does_not_follow_from_its_rules_is_refused():
    decision = gate_report(0.3).decide(Policy(max_auc=0.1))
    plain = decision.to_dict()
    for change, message in (
        ({"outcome": "release"}, "does not follow from its rules"),
        ({"outcome": "fine"}, "'outcome' parameter must be a str among"),
        ({"rulings": []}, "does not follow from its rules"),
    ):
        with pytest.raises(ValueError, match=message):
            Decision.from_dict({**copy.deepcopy(plain), **change})
    plain["rulings"][0]["result"] = "passed"
    with pytest.raises(ValueError, match="'result' parameter must be a str among"):
        Decision.from_dict(plain)


def test_remarks_say_what_an_outcome_rests_on():
    policy = Policy(max_auc=0.99, compare="value", not_covered=["The colour of it."])
    remarks = gate_report(0.3).decide(policy).remarks
    assert any("figures themselves" in remark for remark in remarks)
    assert remarks[-1] == "Not covered: The colour of it."


def test_a_table_of_the_rules():
    decision = gate_report(0.3).decide(Policy(max_auc=0.6))
    frame = decision.to_frame()
    assert list(frame["rule"]) == ["comparison", "above_chance", "max_auc"]
    assert frame.set_index("rule").loc["max_auc", "result"] == "unclear"


@pytest.mark.parametrize("policy", [None, {"max_auc": 0.6}, "policy.toml"])
def test_what_is_no_policy(policy):
    with pytest.raises(TypeError, match="'policy' parameter must be a Policy"):
        gate_report(0.3).decide(policy)


def exposed_report(n_exposed, n=1000, groups=None):
    """So many members far above everybody else, the rest like the non-members."""
    member = np.arange(2 * n) < n
    scores = np.random.RandomState(0).normal(size=2 * n)
    scores[:n_exposed] += 20
    return AuditReport(member, {"loss": scores}, groups=groups, max_fprs=(0.01,))


def test_a_limit_on_the_number_of_exposed_members():
    report = exposed_report(200)
    by_guessing = 10
    tpr = figure(report, "tpr@0.01")
    most, surely = 1000 * tpr.high - by_guessing, 1000 * tpr.low - by_guessing
    surely = max(surely, report.to_dict()["risk"]["listed"]["surely"])
    assert 160 < surely < 200 < most < 240
    for limit, expected in (
        (int(surely) - 1, "refuse"),
        (int(surely) + 1, "revise"),
        (int(most) - 1, "revise"),
        (int(most) + 1, "release"),
        ((surely - 1) / 1000, "refuse"),
        ((most + 1) / 1000, "release"),
    ):
        decision = report.decide(Policy(max_exposed=limit))
        assert (limit, decision.outcome) == (limit, expected)
        found = ruling(decision, "max_exposed")
        assert found.value == pytest.approx(1000 * tpr.value - by_guessing)
        assert found.low <= found.value <= found.high
    assert (
        "(10 % of 1,000)"
        in ruling(report.decide(Policy(max_exposed=0.1)), "max_exposed").reason
    )


def test_few_exposed_members_are_refused_by_the_list():
    """Among 1,000 members ten found beyond guessing are within chance of the TPR."""
    report = exposed_report(40, n=4000)
    assert 4000 * figure(report, "tpr@0.01").low - 40 < 20
    decision = report.decide(Policy(max_exposed=20))
    assert decision.outcome == "refuse"
    assert ruling(decision, "max_exposed").low > 20


def test_exposed_persons_count_where_there_are_persons():
    rows = np.arange(2000)
    persons = exposed_report(200, groups=rows // 2)
    found = ruling(persons.decide(Policy(max_exposed=500)), "max_exposed")
    assert "persons among the members" in found.reason
    assert found.value < 150


@pytest.mark.parametrize("rates", [(0.1,), (0.001,)])
def test_exposed_members_without_a_figure(rates):
    member = np.arange(400) < 200
    scores = np.random.RandomState(0).normal(size=400)
    report = AuditReport(member, {"loss": scores}, max_fprs=rates)
    decision = report.decide(Policy(max_exposed=399))
    assert decision.outcome == "revise"
    assert ruling(decision, "max_exposed").result == "not_measured"
    assert Policy(max_exposed=3, max_tpr={0.1: 0.2}).max_fprs == (0.1, 0.01)


def test_a_guard_that_could_not_look_is_not_silent():
    """A report of scores alone has no rows, no answers, and no persons."""
    report = gate_report(0.3)
    for name, result, outcome in (
        ("blind_classifier", "not_measured", "revise"),
        ("members_at_chance", "not_measured", "revise"),
        ("carries_training_rows", "not_measured", "revise"),
        ("shared_persons", "not_applicable", "release"),
        ("missing_classes", "not_applicable", "release"),
        ("tied_scores", "kept", "release"),
    ):
        decision = report.decide(Policy(max_auc=0.9, require=[name]))
        found = ruling(decision, f"require:{name}")
        assert (name, found.result, decision.outcome) == (name, result, outcome)
    # What has no meaning is named with the outcome.
    decision = report.decide(Policy(max_auc=0.9, require=["shared_persons"]))
    assert decision.not_applied == ["require:shared_persons"]
    assert "not told whose the rows are" in decision.reasons[0]
    assert any("'members_at_chance' (The audit was" in r for r in decision.remarks)


def test_a_report_that_does_not_say_what_was_checked():
    contents = gate_report(0.3).to_dict()
    del contents["not_checked"]
    policy = Policy(max_auc=0.9, require=["tied_scores"])
    assert Decision.of(contents, policy).outcome == "revise"


def test_sets_that_differ_by_themselves_refuse_no_model():
    differ = Guard("blind_classifier", "warning", "The sets differ.")
    report = gate_report(3.0, guards=(differ,))
    decision = report.decide(Policy(max_auc=0.6))
    assert decision.outcome == "revise"
    found = ruling(decision, "max_auc")
    assert found.result == "unclear"
    assert "not of the model alone (sets that differ without the model)" in found.reason
