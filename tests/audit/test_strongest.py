"""The headline of a report: the strongest attack, in figures and in words."""

import json

import numpy as np
import pytest

from _helpers.audits import audit
from skmia.audit import AuditReport, Guard
from skmia.metrics import get_metric, strongest

MEMBER = np.arange(800) < 400
METRICS = ("auc", "advantage", "tpr@0.1", "tpr@0.01")


def scores_of(*shifts, seed=0):
    rng = np.random.default_rng(seed)
    return {
        f"attack {i}": rng.normal(size=800) + shift * MEMBER
        for i, shift in enumerate(shifts)
    }


def report_of(*shifts, **kwargs):
    return AuditReport(
        MEMBER, scores_of(*shifts), **({"max_fprs": (0.1, 0.01)} | kwargs)
    )


def first_lines(report):
    """What stands between the title and the counts, as one line."""
    return " ".join(report.summary().split("\n\n")[1].split())


@pytest.mark.parametrize("metric", METRICS)
def test_the_headline_is_that_of_metrics(metric):
    scores = scores_of(0.2, 0.3, 0.3)
    figure = report_of(0.2, 0.3, 0.3).strongest(metric)
    expected = strongest(MEMBER, scores, metric)
    assert (figure.attack, figure.value) == expected[:2]
    assert (figure.low, figure.high) == pytest.approx(expected[2:], abs=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_worst_exceeds_and_json_say_the_same(metric):
    report = report_of(0.2, 0.5, 0.3)
    figure = report.strongest(metric)
    assert report.worst(metric) == (figure.attack, figure.value)
    # What a limit is compared with is the headline's upper end.
    assert report.exceeds({metric: figure.high}) == []
    assert len(report.exceeds({metric: figure.high - 1e-6})) == 1
    (written,) = (
        f for f in report.to_dict()["strongest"] if f["metric"] == figure.metric
    )
    assert json.loads(json.dumps(written))["low"] == figure.low


def test_trap_36_the_strongest_by_luck():
    """Of eight attacks that find nothing, one is above .5 by its own interval."""
    for seed in range(100):
        scores = scores_of(*[0.0] * 8, seed=seed)
        report = AuditReport(MEMBER, scores, max_fprs=(0.1, 0.01))
        figure = report.strongest("auc")
        own = get_metric("auc").interval(MEMBER, scores[figure.attack])
        if own.low > 0.5:
            break
    # The wrong reading.
    assert own.low > 0.5
    assert figure.low < 0.5 < figure.high == pytest.approx(own.high)
    said = first_lines(report)
    assert said.startswith("No attack tried here tells members from non-members")
    assert "no proof of safety" in said
    assert "guessing would find 1 %" in said


def test_the_gap_attack_is_in_the_choice_though_it_is_not_added():
    """It would have been, had the labels told more: that is a choice, too."""
    report = audit(attacks=["loss"])
    assert report.attacks == ("loss",)
    (own,) = (f for f in report.figures if f.metric == "auc")
    figure = report.strongest("auc")
    assert (figure.value, figure.high) == (own.value, own.high)
    assert figure.low < own.low


def test_the_first_lines_have_the_strongest_attack():
    report = report_of(0.3, 1.0)
    tpr, auc = report.strongest("tpr@0.01"), report.strongest("auc")
    found = [f"{100 * end:.2f} %" for end in (tpr.value, tpr.low, tpr.high)]
    assert first_lines(report) == (
        f"Strongest attack: attack 1. At 1 % false alarms it finds {found[0]} "
        f"[{found[1]}, {found[2]}] of the members; guessing "
        f"would find 1 %. Its AUC is {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]; "
        "guessing has 0.5."
    )
    assert max(map(len, report.summary().splitlines())) <= 88


def test_the_first_lines_name_the_rate_that_can_be_read():
    few = np.r_[np.arange(400), np.arange(400, 450)]
    scores = {name: v[few] for name, v in scores_of(1.0).items()}
    report = AuditReport(MEMBER[few], scores)
    assert "At 10 % false alarms it finds" in first_lines(report)
    least = np.r_[np.arange(400), np.arange(400, 405)]
    scores = {name: v[least] for name, v in scores_of(3.0).items()}
    report = AuditReport(MEMBER[least], scores, max_fprs=(0.1,))
    assert "false alarms" not in first_lines(report)
    assert "AUC is" in first_lines(report)


def test_the_first_lines_of_figures_that_show_nothing():
    guard = Guard("unmoved_shadows", "warning", "All shadows answer alike.")
    said = first_lines(report_of(0.0, guards=[guard]))
    assert said.startswith("These figures are no measure of what the model leaks")
    assert "shadows that answer alike" in said
    assert "no sign of safety" in said
    # No figure is there to be read as safe.
    assert "AUC" not in said
    below = first_lines(report_of(-1.0, -2.0))
    assert below.startswith("Every attack tried here takes non-members for members")
    assert "Read the warnings below first" in below
