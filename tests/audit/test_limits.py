"""Limits on the figures of a report: what is over one, and what keeps none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from skmia.audit import AuditReport


def gate_report(*shifts):
    """A report of attacks that see members so much higher, at a spread of one."""
    member = np.arange(400) < 200
    rng = np.random.RandomState(0)
    scores = {
        f"attack {i}": rng.normal(size=400) + shift * member
        for i, shift in enumerate(shifts)
    }
    return AuditReport(member, scores)


@pytest.mark.parametrize("compare", ["value", "upper"])
@pytest.mark.parametrize("metric", ["auc", "advantage", "tpr@0.1"])
def test_trap_46_one_attack_below_chance_beside_one_above_fails(metric, compare):
    limits = {metric: 0.9}
    assert gate_report(0.3, 0.1).exceeds(limits, compare=compare) == []
    report = gate_report(0.3, -0.5)
    # The wrong reading: every figure is under the limit.
    assert report.worst(metric)[1] < 0.9
    (line,) = report.exceeds(limits, compare=compare)
    assert "auc of 'attack 1' is below chance" in line


def test_trap_46_a_tpr_below_its_fpr():
    member = np.arange(2000) < 1000
    noise = np.random.RandomState(0).normal(size=2000)
    limits = {"tpr@0.1": 0.5}
    # No member is at the top, and the AUC is that of a guess.
    flat = np.where(member, 0.7 * noise, noise)
    report = AuditReport(member, {"loss": flat})
    figures = {figure.metric: figure for figure in report.figures}
    assert figures["auc"].low < 0.5 < figures["auc"].high
    assert figures["tpr@0.1"].high < 0.1
    (line,) = report.exceeds(limits)
    assert "tpr@0.1 of 'loss' is below chance" in line
    # Not where another figure is limited.
    assert report.exceeds({"auc": 0.6}) == []
    # An attack that finds members is not one to be turned round.
    report = AuditReport(member, {"loss": np.where(member, 0.4 * noise + 0.3, noise)})
    figures = {figure.metric: figure for figure in report.figures}
    assert figures["auc"].low > 0.5
    assert figures["tpr@0.1"].high < 0.1
    assert report.exceeds(limits) == []


@pytest.mark.parametrize("compare", ["value", "upper"])
def test_nan_passes_no_gate(compare):
    """No report of ours holds one; one that did must not pass."""
    report = gate_report(0.3, 0.1)
    first, *rest = report.figures
    for broken in (0, len(rest) // 2 + 1):
        figures = list(report.figures)
        figures[broken] = replace(first, value=np.nan, high=np.nan)
        figures[broken] = replace(figures[broken], attack=f"attack {int(broken > 0)}")
        report.figures = tuple(figures)
        assert report.exceeds({"auc": 0.99}, compare=compare)
        report = gate_report(0.3, 0.1)


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
        scores = rng.normal(size=2 * n) + shift * member
        report = AuditReport(member, {"loss": scores}, max_fprs=(0.5,))
        for compare in passed:
            passed[compare] += not report.exceeds({"auc": 0.6}, compare=compare)
    assert abs(passed["value"] / 1000 - seen) < 4 * np.sqrt(seen * (1 - seen) / 1000)
    assert passed["upper"] <= 10 + 4 * np.sqrt(10)


def test_trap_47_a_limit_between_the_figure_and_what_it_may_be():
    report = gate_report(0.3)
    figure = next(figure for figure in report.figures if figure.metric == "auc")
    between = (figure.value + figure.high) / 2
    # The wrong reading: the figure is below, and what it stands for need not be.
    assert report.exceeds({"auc": between}, compare="value") == []
    (line,) = report.exceeds({"auc": between})
    expected = f"auc may be up to {figure.high:.4g} (attack 0), over {between:g}"
    assert line == expected
    (line,) = report.exceeds({"auc": figure.value - 0.01}, compare="value")
    assert line.startswith(f"auc is {figure.value:.4g} (attack 0), over ")
    assert report.exceeds({"auc": figure.high, "advantage": 0.99}) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "'limits' parameter must be a dict"),
        ([("auc", 0.6)], "'limits' parameter must be a dict"),
        ({"AUC": 0.6}, "Got 'AUC' instead"),
        ({"tpr@0.05": 0.6}, r"on metrics of the report, \['auc', .* Got 'tpr@0.05'"),
        ({"tpr@0.001": 0.6}, "'tpr@0.001' is not resolvable"),
        ({"auc": 1}, r"'limits\['auc'\]' parameter must be a float in \[0, 1\)"),
        ({"auc": np.nan}, r"'limits\['auc'\]' parameter must be a float"),
    ],
)
def test_limits_without_a_meaning(limits, message):
    with pytest.raises(ValueError, match=message):
        gate_report(0.3).exceeds(limits)
    with pytest.raises(ValueError, match="'compare' parameter"):
        gate_report(0.3).exceeds({"auc": 0.6}, compare="lower")
