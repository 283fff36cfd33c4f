"""The example of a gate in continuous integration: valid, and its commands run."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import AuditReport, Policy
from skmia.cli import run

PAGE = (Path(__file__).parents[2] / "docs/guide/gate_in_ci.md").read_text()


def block(kind):
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return found


def command():
    """The arguments of the audit in the workflow."""
    steps = yaml.safe_load(block("yaml"))["jobs"]["gate"]["steps"]
    (audit,) = (step["run"] for step in steps if step.get("name") == "Audit")
    program, *arguments = shlex.split(audit.replace("\\\n", " "))
    assert program == "skmia"
    return arguments


def test_the_workflow_is_one():
    workflow = yaml.safe_load(block("yaml"))
    # "on" is a truth value to YAML 1.1, and a key to GitHub.
    assert set(workflow) == {"name", True, "permissions", "jobs"}
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert set(step) <= {"uses", "run", "with", "name", "if"}
    steps = workflow["jobs"]["gate"]["steps"]
    (kept,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    # Whatever the gate says, and no list of persons.
    assert kept["if"] == "always()"
    assert kept["with"]["path"] == "report.json"


@pytest.mark.parametrize(
    ("model", "status"),
    [(LogisticRegression(C=0.01), 0), (DecisionTreeClassifier(random_state=0), 1)],
    ids=["held back", "over-fitted"],
)
def test_its_commands_run(model, status, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    n = 600
    table = pd.DataFrame(rng.normal(size=(2 * n, 4)), columns=list("abcd"))
    noisy = table["a"] + rng.normal(size=2 * n)
    table["label"] = np.where(noisy > 0, "yes", "no")
    train, test = table[:n], table[n:]
    train.to_csv("train.csv", index=False)
    test.to_csv("test.csv", index=False)
    skops.io.dump(model.fit(train[list("abcd")], train["label"]), "model.skops")
    Path("policy.toml").write_text(block("toml"))
    assert run([*command(), "--shadows", "4", "--jobs", "1"]) == status
    outcome = "release" if status == 0 else "refuse"
    assert f"skmia: decision: {outcome}" in capsys.readouterr().err
    # A year later.
    assert run(["report", "report.json", "--policy", "policy.toml"]) == status
    report = AuditReport.from_json("report.json")
    assert report.decide(Policy.from_toml("policy.toml")).outcome == outcome
