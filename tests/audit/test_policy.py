"""Policies: what they take, and TOML."""

import dataclasses
import pickle
import tomllib

import numpy as np
import pytest

from skmia.audit import AuditReport, Policy

WHOLE = {
    "max_auc": 0.6,
    "max_tpr": {0.1: 0.2, 0.01: 0.05},
    "max_advantage": 0.2,
    "max_exposed": 3,
    "require": ("blind_classifier", "near_copies"),
    "structure": ("carried_rows",),
    "not_applicable": {
        "max_tpr@0.1": 'said "so" \\ and\nso',
        "require:near_copies": "no ids",
    },
    "compare": "value",
    "confidence_level": 0.99,
    "name": "Ours \x7f",
    "source": "https://example.org",
    "not_covered": ("the rest",),
}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "A policy must set one at least of"),
        ({"require": ["near_copies"]}, ValueError, "must set one at least of"),
        (
            {"max_auc": 1},
            ValueError,
            r"'max_auc' parameter must be a float in \[0, 1\)",
        ),
        ({"max_auc": np.nan}, ValueError, "'max_auc' parameter must be a float"),
        ({"max_auc": "0.6"}, TypeError, "'max_auc' parameter .* Got '0.6' instead"),
        ({"max_advantage": -0.1}, ValueError, "'max_advantage' parameter"),
        ({"max_tpr": 0.05}, TypeError, "'max_tpr' parameter must be a dict"),
        ({"max_tpr": {}}, TypeError, "'max_tpr' parameter must be a dict"),
        ({"max_tpr": {0: 0.05}}, ValueError, r"must be a float in \(0, 1\)"),
        ({"max_tpr": {1.0: 0.05}}, ValueError, r"must be a float in \(0, 1\)"),
        ({"max_tpr": {"one": 0.05}}, TypeError, "Got 'one' instead"),
        ({"max_tpr": {0.01: 1}}, ValueError, r"'max_tpr\[0.01\]' parameter"),
        ({"max_tpr": {0.01: 0.1, "1e-2": 0.2}}, ValueError, "rate 0.01 twice"),
        ({"max_exposed": -1}, ValueError, "'max_exposed' parameter must be an int"),
        ({"max_exposed": 1.0}, ValueError, "'max_exposed' parameter must be a float"),
        ({"max_exposed": True}, TypeError, "an int in .* or a float in"),
        ({"max_auc": 0.6, "require": "near_copies"}, TypeError, "a sequence of str"),
        (
            {"max_auc": 0.6, "require": ["near_copy"]},
            ValueError,
            "Did you mean 'near_copies'",
        ),
        ({"max_auc": 0.6, "require": [1]}, TypeError, "Got 1 in it instead"),
        ({"max_auc": 0.6, "compare": "lower"}, ValueError, "'compare' parameter"),
        (
            {"max_auc": 0.6, "confidence_level": 1},
            ValueError,
            r"'confidence_level' parameter must be a float in \(0, 1\)",
        ),
        ({"max_auc": 0.6, "name": 1}, TypeError, "'name' parameter must be a str"),
        ({"max_auc": 0.6, "not_applicable": ["max_tpr"]}, TypeError, "must be a dict"),
        (
            {"max_auc": 0.6, "not_applicable": {"max_tpr": " "}},
            ValueError,
            "gives the reason",
        ),
        (
            {"max_auc": 0.6, "not_applicable": {"max_tprs": "x"}},
            ValueError,
            "Did you mean 'max_tpr'",
        ),
    ],
)
def test_parameters_that_are_wrong(options, error, message):
    with pytest.raises(error, match=message):
        Policy(**options)


def test_a_policy_does_not_change():
    rates = {0.01: 0.05}
    policy = Policy(max_tpr=rates)
    rates[0.01] = 0.9
    assert policy.max_tpr == {0.01: 0.05}
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.max_auc = 0.9
    changed = dataclasses.replace(policy, max_auc=0.6)
    assert (changed.max_auc, changed.max_tpr) == (0.6, {0.01: 0.05})
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_toml_and_back(tmp_path):
    policy = Policy(**WHOLE)
    path = tmp_path / "policy.toml"
    policy.to_toml(path)
    assert Policy.from_toml(path) == policy
    # By a reader that is not ours.
    read = tomllib.loads(path.read_text())
    assert read["max_tpr"] == {"0.1": 0.2, "0.01": 0.05}
    assert read["not_applicable"] == WHOLE["not_applicable"]
    assert Policy.from_dict(policy.to_dict()) == policy


def test_a_share_and_a_number_of_exposed_members_stay_what_they_are(tmp_path):
    for limit in (0, 0.0, 1, 0.25):
        Policy(max_exposed=limit).to_toml(tmp_path / "policy.toml")
        read = Policy.from_toml(tmp_path / "policy.toml").max_exposed
        assert (read, type(read)) == (limit, type(limit))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must set one at least"),
        ("max_auc = ", "is no TOML file"),
        ("[" * 10_000, "is no TOML file"),
        ("max_acu = 0.6", "Got 'max_acu' instead. Did you mean 'max_auc'"),
        ("max_auc = '0.6'", "'max_auc' parameter must be a float"),
        ("max_auc = nan", "'max_auc' parameter must be a float"),
        ("max_auc = true", "'max_auc' parameter must be a float"),
        ("[max_tpr]\n0.01 = 0.05", 'in TOML, a rate stands in quotes: "0.01" = 0.05'),
        ("max_auc = 0.6\nrequire = ['near_copy']", "Did you mean 'near_copies'"),
        ("max_auc = 0.6\nrequire = 'near_copies'", "a sequence of str"),
        ("max_auc = 2024-01-01", "'max_auc' parameter must be a float"),
        ("[tool.skmia]\nmax_auc = 0.6", "Got 'tool' instead"),
    ],
)
def test_a_file_that_is_no_policy(text, message, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises((ValueError, TypeError), match=r"policy\.toml") as caught:
        Policy.from_toml(path)
    assert message in str(caught.value)


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"policy\.toml is no TOML file"):
        Policy.from_toml(path)
    path.write_bytes(b"# " + b"x" * 2**20)
    with pytest.raises(ValueError, match="more than 1048576 bytes"):
        Policy.from_toml(path)
    with pytest.raises(FileNotFoundError):
        Policy.from_toml(tmp_path / "none.toml")


def test_a_byte_order_mark_and_windows_lines(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_bytes("\ufeffmax_auc = 0.6\r\n[max_tpr]\r\n'1e-2' = 0.05\r\n".encode())
    assert Policy.from_toml(path) == Policy(max_auc=0.6, max_tpr={0.01: 0.05})


PRESETS = [Policy.sacro, Policy.leakpro, Policy.owasp_aisvs]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.__name__)
def test_presets_name_their_source_and_survive_a_file(preset, tmp_path):
    policy = preset()
    assert policy.name
    assert "https://github.com/" in policy.source
    assert "https://github.com/" in preset.__doc__
    assert policy.not_covered
    policy.to_toml(tmp_path / "policy.toml")
    assert Policy.from_toml(tmp_path / "policy.toml") == policy
    member = np.arange(400) < 200
    noise = np.random.RandomState(0).normal(size=400)
    decision = AuditReport(member, {"loss": noise + 2 * member}).decide(policy)
    assert decision.outcome != "release"
    assert policy.source in " ".join(decision.summary().split())
    for text in policy.not_covered:
        assert f"Not covered: {text}" in decision.remarks


def test_figures_of_the_presets():
    """As their sources have them."""
    assert Policy.sacro().max_auc == 0.65
    assert Policy.leakpro().max_auc == 0.60
    aisvs = Policy.owasp_aisvs()
    assert aisvs.max_auc == 0.55
    assert set(aisvs.max_tpr) == {0.01, 0.001}
    assert "blind_classifier" in aisvs.require
    assert "carried_rows" in Policy.sacro().structure
