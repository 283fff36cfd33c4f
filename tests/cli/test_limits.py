"""``--fail-above``: what is over a limit, what is not, and limits without a meaning."""

import json
from pathlib import Path

import pandas as pd
import pytest

from skmia.cli._limits import parse_limits


def test_a_limit_that_is_kept_and_one_that_is_not(audit, expected_report):
    report = expected_report()
    attack, value = report.worst("auc")
    limits = ["advantage=0.999", f"auc={value - 0.001}", f"auc={value + 0.001}"]
    options = [word for limit in limits for word in ("--fail-above", limit)]
    status, out, err = audit(*options, "--json", "out.json")
    assert status == 1
    assert f"skmia: limit exceeded: auc is {value:.4g} ({attack}), over" in err
    assert err.count("limit exceeded") == 1
    assert out == report.summary() + "\n"
    # What broke the limit is there to be looked at.
    assert json.loads(Path("out.json").read_text())["figures"]

    status, _, err = audit("--fail-above", f"auc={value + 0.001}")
    assert status == 0
    assert "limit" not in err


def test_a_limit_at_any_false_positive_rate(audit, expected_report):
    _, value = expected_report(max_fprs=(0.2,)).worst("tpr@0.2")
    status, out, err = audit("--fail-above", f"tpr@0.20={value - 0.001}")
    assert status == 1
    assert "limit exceeded: tpr@0.2 is" in err
    assert "TPR at 20 % FPR" in out


def test_what_undermines_a_gate_is_said_beside_it(audit):
    # The two sets swapped: the attacks find less than nothing, and a gate would pass.
    status, _, err = audit(
        "--fail-above", "auc=0.9", members="test.csv", nonmembers="train.csv"
    )
    assert status == 0
    assert "skmia: warning: The model is right on" in err
    assert "not swapped" in err


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
    gates = ["--fail-above", "auc=0.1", "--fail-above", "tpr@0.01=0.9"]
    status, out, err = audit(*gates, "--json", "out.json")
    assert status == 2
    assert "tpr@0.01" in err.splitlines()[-1]
    assert "Traceback" not in err
    # Minutes of work are not lost with it.
    assert "Membership inference audit" in out
    assert Path("out.json").exists()


def test_metrics_are_named_as_the_report_names_them(expected_report):
    parsed = parse_limits(["auc=0.6", "tpr@1e-2=0.05", "tpr@.10=0", "advantage=.2"])
    assert [(metric.name, limit) for metric, limit in parsed] == [
        ("auc", 0.6),
        ("tpr@0.01", 0.05),
        ("tpr@0.1", 0),
        ("advantage", 0.2),
    ]
    assert {metric.name for metric, _ in parsed} <= set(expected_report().metrics)
