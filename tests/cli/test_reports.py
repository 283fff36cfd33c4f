"""Reports from files that somebody else wrote: one line where they are none."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from skmia.audit import AuditReport, Policy
from skmia.cli import run


@pytest.fixture(scope="module")
def contents():
    member = np.arange(400) < 200
    scores = np.random.RandomState(0).normal(size=400) + 0.5 * member
    report = AuditReport(member, {"loss": scores}, max_fprs=(0.1,))
    return report.including(report.decide(Policy(max_auc=0.9))).to_dict()


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(data, *options):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        Path("report.json").write_bytes(data)
        status = run(["report", "report.json", *options])
        return status, *capsys.readouterr()

    return call


def test_a_whole_report_is_shown(contents, call):
    status, out, err = call(contents)
    assert (status, err) == (0, "")
    assert "Decision: release" in out


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"\x00",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b"1",
        b'"report"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"schema_version": 1}',
        b'{"schema_version": 2}',
        b'{"schema_version": ' + b"9" * 5000 + b"}",
    ],
    ids=range(13),
)
def test_what_is_no_report_is_one_line(data, call):
    status, out, err = call(data, "--fail-above", "auc=0.9")
    assert (status, out) == (2, "")
    assert err.startswith("skmia: error: ")
    assert "report.json" in err
    assert err.count("\n") == 1


KEYS = [
    "schema_version", "estimator", "verdict", "counts", "confidence_level", "attacks",
    "headline", "strongest", "figures", "guards", "sections",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", ["gone", None, 7, "text", {}, [[]], [7]])
def test_parts_that_are_missing_or_of_another_kind(key, value, contents, call):
    changed = copy.deepcopy(contents)
    if value == "gone":
        del changed[key]
    else:
        changed[key] = value
    status, _, err = call(changed, "--fail-above", "auc=0.999")
    # A name may be any text, and a list of attacks is told by figures.
    assert "Traceback" not in err
    assert status in (0, 1, 2)
    # Nothing is released without its figures; an empty object is an empty list.
    if key in ("figures", "counts") or (key == "guards" and value != {}):
        assert status != 0


@pytest.mark.parametrize("key", ["value", "low", "high"])
@pytest.mark.parametrize("value", [None, "0.5", True, float("nan"), float("-inf"), {}])
def test_figures_that_are_no_numbers_are_never_released(key, value, contents, call):
    changed = copy.deepcopy(contents)
    for figure in changed["figures"]:
        figure[key] = value
    status, _, err = call(changed, "--fail-above", "auc=0.999")
    assert status in (1, 2)
    assert "Traceback" not in err


def test_a_forged_decision_is_refused(contents, call):
    changed = copy.deepcopy(contents)
    (section,) = (s for s in changed["sections"] if s["section"] == "decision")
    section["rulings"][-1].update(result="broken", outcome="refuse")
    status, out, err = call(changed)
    assert (status, out) == (2, "")
    assert "does not follow from its rules" in err
    changed["sections"] = [{"section": "horoscope"}]
    status, _, err = call(changed)
    assert status == 2
    assert "does not know" in err


def test_a_file_that_is_too_large(call):
    status, _, err = call(b" " * (17 * 2**20))
    assert status == 2
    assert "more than 16 MiB" in err


def test_text_of_others_moves_no_terminal(contents, call):
    changed = copy.deepcopy(contents)
    changed["estimator"] = "\x1b[2Jmodel"
    status, out, _ = call(changed)
    assert status == 0
    assert "\x1b" not in out
    assert "\\u001b[2Jmodel" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "report.json"], "would overwrite an input file"),
        (["--html", "report.json"], "would overwrite an input file"),
        (["--json", "none/out.json"], "there is no folder none"),
        (["--policy", "none.toml"], "none.toml does not exist"),
        (["--compare", "lower"], "'--compare' parameter must be a str among"),
    ],
)
def test_wrong_options(options, message, contents, call):
    status, out, err = call(contents, *options)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("path", ["none.json", ".", "/dev/zero"])
def test_files_that_are_none(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["report", path]) == 2
    assert capsys.readouterr().err.count("\n") == 1
