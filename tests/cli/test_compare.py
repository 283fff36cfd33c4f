"""``skmia compare``: two reports from files, side by side."""

import json
from pathlib import Path

import numpy as np
import pytest

from skmia.audit import AuditReport, compare
from skmia.cli import run

MEMBER = np.arange(400) < 200


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A report before, and one after something has helped."""
    monkeypatch.chdir(tmp_path)
    for name, shift in (("before", 2.0), ("after", 0.2)):
        scores = np.random.RandomState(0).normal(size=400) + shift * MEMBER
        AuditReport(MEMBER, {"loss": scores}).to_json(f"{name}.json")
    return ["compare", "before.json", "after.json"]


def test_two_files_side_by_side(files, capsys):
    assert run([*files, "--json", "both.json", "--html", "both.html"]) == 0
    out, err = capsys.readouterr()
    read = [AuditReport.from_json(f"{name}.json") for name in ("before", "after")]
    expected = compare(*read, names=("before.json", "after.json"))
    assert (out, err) == (expected.summary() + "\n", "")
    assert expected.strongest("auc").high < 0
    sections = json.loads(Path("both.json").read_text())["sections"]
    assert [section["section"] for section in sections] == ["comparison"]
    assert "before.json" in Path("both.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "before.json"], "Missing argument"),
        (["compare", "before.json", "none.json"], "none.json does not exist"),
        (["compare", "before.json", "bad.json"], "bad.json"),
        (["compare", "before.json", "other.json"], "confidence_level"),
        (["compare", "before.json", "after.json", "--json", "after.json"], "overwrite"),
    ],
)
def test_wrong_input_is_one_line(arguments, message, files, capsys):
    Path("bad.json").write_text("{}")
    other = AuditReport(MEMBER, {"loss": np.arange(400)}, confidence_level=0.9)
    other.to_json("other.json")
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_second_report_below_chance_ends_with_a_status(files, capsys):
    scores = -2.0 * MEMBER + np.random.RandomState(0).normal(size=400)
    AuditReport(MEMBER, {"loss": scores}).to_json("after.json")
    assert run([*files, "--json", "both.json", "--html", "both.html"]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("No comparison:")
    assert "leaks less" not in " ".join(out.split())
    (section,) = json.loads(Path("both.json").read_text())["sections"]
    assert section["verdict"]["kind"] == "withheld"
    assert section["verdict"]["sentences"][0].startswith("No comparison:")
    assert "No comparison:" in Path("both.html").read_text()
