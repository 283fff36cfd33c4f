"""``--policy``: the status, what is said, and what is wrong with the file."""

import json
from pathlib import Path

import pytest

from skmia.audit import AuditReport, Policy

POLICY = """
name = "Ours"
max_auc = {auc}
require = ["near_copies"]
[max_tpr]
"0.2" = 0.999
[not_applicable]
max_exposed = "no persons"
"""


def write(auc):
    Path("policy.toml").write_text(POLICY.format(auc=auc))
    return ["--policy", "policy.toml"]


@pytest.mark.parametrize(
    ("auc", "outcome", "status"),
    [(0.999, "release", 0), (0.75, "revise", 1), (0.1, "refuse", 1)],
)
def test_the_outcome_of_a_policy(auc, outcome, status, audit, expected_report):
    found, out, err = audit(*write(auc), "--json", "out.json")
    assert found == status
    # The policy's rate is read beside the usual ones.
    report = expected_report(max_fprs=(0.2, 0.1, 0.01, 0.001))
    decision = report.decide(Policy.from_toml("policy.toml"))
    assert decision.outcome == outcome
    assert out == report.including(decision).summary() + "\n"
    lines = err.splitlines()
    assert f"skmia: decision: {outcome}. {decision.headline}" in lines
    said = [line for line in lines if line.startswith("skmia: reason: ")]
    assert len(said) == len(decision.reasons) == 1
    (section,) = [
        entry
        for entry in json.loads(Path("out.json").read_text())["sections"]
        if entry["section"] == "decision"
    ]
    assert section["outcome"] == outcome
    assert section["policy"]["not_applicable"] == {"max_exposed": "no persons"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--policy", "none.toml"], "none.toml"),
        (["--policy", "."], "."),
        (["--policy", "wrong.toml"], "Did you mean 'max_auc'"),
        (["--policy", "train.csv"], "train.csv is no TOML file"),
        (
            ["--policy", "policy.toml", "--fail-above", "auc=0.6"],
            "cannot be given with",
        ),
        (["--policy", "policy.toml", "--compare", "value"], "cannot be given with"),
        (["--policy", "strict.toml"], "'tpr@0.001' is not resolvable: it needs 1,000"),
        (["--policy", "policy.toml", "--json", "policy.toml"], "overwrite an input"),
    ],
)
def test_wrong_policies_are_found_before_the_audit(
    options, message, work, no_audit, refused
):
    write(0.6)
    Path("wrong.toml").write_text("max_acu = 0.6")
    Path("strict.toml").write_text('[max_tpr]\n"0.001" = 0.1')
    assert message in refused(*options)


def test_a_rule_that_is_not_applicable_need_not_be_resolvable(audit):
    text = '[max_tpr]\n"0.001" = 0.1\n"0.1" = 0.999\n[not_applicable]\n'
    Path("policy.toml").write_text(text + '"max_tpr@0.001" = "few rows"')
    status, _, err = audit("--policy", "policy.toml")
    assert status == 0
    assert "not applied: max_tpr@0.001." in err


@pytest.mark.parametrize("name", ["sacro", "leakpro"])
def test_presets_by_name(name, audit, expected_report):
    status, out, _ = audit("--policy", name)
    report = expected_report()
    decision = report.decide(getattr(Policy, name)())
    assert status == (decision.outcome != "release")
    assert out == report.including(decision).summary() + "\n"


def test_a_report_from_a_file_is_shown_and_decided_on(audit, capsys):
    from skmia.cli import run

    _, out, _ = audit("--json", "out.json", "--max-fpr", "0.2")
    assert run(["report", "out.json"]) == 0
    assert capsys.readouterr() == (out, "")
    again = AuditReport.from_json("out.json")
    for auc, status in ((0.999, 0), (0.1, 1)):
        options = [*write(auc), "--json", "decided.json"]
        assert run(["report", "out.json", *options]) == status
        decision = again.decide(Policy.from_toml("policy.toml"))
        shown, err = capsys.readouterr()
        assert shown == again.including(decision).summary() + "\n"
        assert f"skmia: decision: {decision.outcome}. " in err
        written = AuditReport.from_json("decided.json")
        assert written.summary() + "\n" == shown
    # A decision of another is shown, and none of the next.
    assert run(["report", "decided.json"]) == 0
    assert "Decision: refuse" in capsys.readouterr().out
    assert run(["report", "decided.json", "--fail-above", "auc=0.999"]) == 0
    # Where there is a new one it is the only one, and the other is named.
    shown, err = capsys.readouterr()
    assert (shown.count("Decision: "), "Decision: release" in shown) == (1, True)
    left_out = "an earlier decision is left out: refuse, by the policy 'Ours'"
    assert f"skmia: note: {left_out}\n" in err
