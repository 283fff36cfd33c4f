"""``--fail-above``: what is over a limit, what is not, and limits without a meaning."""

import json
from pathlib import Path

import pandas as pd
import pytest

from skmia.audit import Policy
from skmia.cli._gate import parse_limits


def worst(report, metric, compare):
    """The attack that reads most, and the figure or the upper end of its interval."""
    end = {"value": "value", "upper": "high"}[compare]
    figures = [figure for figure in report.figures if figure.metric == metric]
    return max(
        ((figure.attack, getattr(figure, end)) for figure in figures),
        key=lambda pair: pair[1],
    )


@pytest.mark.parametrize(
    ("compare", "says"), [("value", "is"), ("upper", "may be up to")]
)
def test_a_limit_that_is_kept_and_one_that_is_not(
    compare, says, audit, expected_report
):
    report = expected_report()
    attack, value = worst(report, "auc", compare)
    limits = ["advantage=0.999", f"auc={value - 0.001}", f"auc={value + 0.001}"]
    options = [word for limit in limits for word in ("--fail-above", limit)]
    options += [] if compare == "upper" else ["--compare", "value"]
    status, out, err = audit(*options, "--json", "out.json")
    assert status == 1
    assert "skmia: decision: revise. This report does not allow a release" in err
    reason = f"max_auc: The AUC {says} {value:.4g} ({attack}), over the limit of"
    assert f"skmia: reason: {reason}" in err
    assert err.count("skmia: reason: ") == 1
    policy = Policy(max_advantage=0.999, max_auc=value - 0.001, compare=compare)
    assert out == report.including(report.decide(policy)).summary() + "\n"
    # What broke the limit is there to be looked at.
    assert json.loads(Path("out.json").read_text())["figures"]

    kept = ["--fail-above", f"auc={value + 0.001}", "--compare", compare]
    status, _, err = audit(*kept)
    assert status == 0
    assert "skmia: decision: release. " in err
    assert "skmia: reason: " not in err


def test_a_limit_at_any_false_positive_rate(audit, expected_report):
    _, high = worst(expected_report(max_fprs=(0.2,)), "tpr@0.2", "upper")
    status, out, err = audit("--fail-above", f"tpr@0.20={high - 0.001}")
    assert status == 1
    assert "reason: max_tpr@0.2: The TPR at 20 % FPR may be up to" in err
    assert "TPR at 20 % FPR" in out


def test_trap_47_a_limit_between_the_figure_and_what_it_may_be(audit, expected_report):
    report = expected_report()
    (_, value), (_, high) = (worst(report, "auc", end) for end in ("value", "upper"))
    between = ["--fail-above", f"auc={(value + high) / 2}"]
    # The wrong reading: the figure is below the limit, and what it stands for need
    # not be.
    assert audit(*between, "--compare", "value")[0] == 0
    assert audit(*between)[0] == 1


@pytest.mark.parametrize("compare", ["value", "upper"])
@pytest.mark.parametrize("gate", ["auc=0.9", "advantage=0.9", "tpr@0.1=0.9"])
def test_trap_46_swapped_files_pass_no_gate(gate, compare, audit):
    swapped = {"members": "test.csv", "nonmembers": "train.csv"}
    status, _, err = audit("--fail-above", gate, "--compare", compare, **swapped)
    assert status == 1
    assert "skmia: decision: revise. " in err
    reasons = [line for line in err.splitlines() if "skmia: reason: " in line]
    # What a gate on the figure alone let through: it is far below the limit.
    assert not any("max_" in reason for reason in reasons)
    assert "above_chance: Below chance, by the whole interval: " in reasons[-1]
    assert "AUC of 'loss'" in reasons[-1]
    assert "The model is right on" in err
    assert "not swapped" in err
    # Without a gate there is a report, with its guard.
    assert audit(**swapped)[0] == 0


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("auc", "must be METRIC=LIMIT"),
        ("auc=", "must be METRIC=LIMIT"),
        ("auc=high", "must be METRIC=LIMIT"),
        ("auc=nan", "must be METRIC=LIMIT"),
        ("auc=1", "must be METRIC=LIMIT with a limit in [0, 1)"),
        ("auc=-0.1", "must be METRIC=LIMIT"),
        ("accuracy=0.5", "Got 'accuracy' instead"),
        ("AUC=0.5", "Got 'AUC' instead"),
        ("tpr=0.5", "Got 'tpr' instead"),
        ("tpr@1%=0.5", "Got 'tpr@1%' instead"),
        ("tpr@1=0.5", "Got 'tpr@1' instead"),
        ("tpr@0=0.5", "Got 'tpr@0' instead"),
        ("tpr@0.001=0.5", "'tpr@0.001' is not resolvable: it needs 1,000"),
        ("tpr@0.007=0.5", "'tpr@0.007' is not resolvable"),
    ],
)
def test_a_gate_without_a_meaning_never_passes(gate, message, no_audit, refused):
    assert message in refused("--fail-above", gate)


def test_a_gate_that_loses_its_meaning_on_the_way_fails(work, audit):
    # 100 rows would do for tpr@0.01, but one of them is a member as well.
    members, nonmembers = (
        pd.read_csv(name, dtype=str, keep_default_na=False)
        for name in ("train.csv", "test.csv")
    )
    pd.concat([nonmembers[:99], members[:1]]).to_csv("test.csv", index=False)
    gates = ["--fail-above", "auc=0.999", "--fail-above", "tpr@0.01=0.9"]
    status, out, err = audit(*gates, "--json", "out.json")
    assert status == 1
    assert "skmia: decision: revise. " in err
    assert "reason: max_tpr@0.01: The TPR at 1 % FPR needs 100 non-members" in err
    assert "What was not measured keeps no limit." in err
    # Minutes of work are not lost with it.
    assert "Membership inference audit" in out
    assert Path("out.json").exists()


def test_metrics_are_named_as_the_report_names_them(expected_report):
    parsed = parse_limits(["auc=0.6", "tpr@1e-2=0.05", "tpr@.10=0", "advantage=.2"])
    assert parsed == {
        "max_auc": 0.6,
        "max_advantage": 0.2,
        "max_tpr": {0.01: 0.05, 0.1: 0},
    }
    names = {metric.name for metric, _ in Policy(**parsed).metrics.values()}
    assert names <= set(expected_report().metrics)
    # Of several limits on a metric the lowest.
    assert parse_limits(["auc=0.6", "auc=0.5", "auc=0.7"]) == {"max_auc": 0.5}
