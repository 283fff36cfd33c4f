"""The headline of a report: the strongest attack, in figures and in words."""

import json

import numpy as np
import pytest

from _helpers.audits import audit
from skmia.audit import AuditReport, Figure, Guard
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


def headline(report):
    """By the metric, as the JSON has it."""
    found = [dict(figure) for figure in report.to_dict()["headline"]]
    for figure in found:
        figure.pop("chance")
    return {figure["metric"]: Figure(**figure) for figure in found}


def test_the_first_lines_have_the_strongest_attack():
    report = report_of(0.3, 1.0)
    assert list(headline(report)) == ["auc", "tpr@0.01"]
    auc, tpr = headline(report).values()
    found = [f"{100 * end:.2f} %" for end in (tpr.value, tpr.low, tpr.high)]
    assert first_lines(report) == (
        f"Strongest attack: attack 1. At 1 % false alarms it finds {found[0]} "
        f"[{found[1]}, {found[2]}] of the members; guessing "
        f"would find 1 %. Its AUC is {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]; "
        "guessing has 0.5."
    )
    assert max(map(len, report.summary().splitlines())) <= 88


def test_the_intervals_of_the_first_lines_share_the_error():
    """Each is what an audit of 97.5 % has for it alone; of one figure, of 95 %."""
    report, wider = report_of(0.2, 0.3), report_of(0.2, 0.3, confidence_level=0.975)
    for metric, figure in headline(report).items():
        alone, expected = (of.strongest(metric) for of in (report, wider))
        assert (figure.attack, figure.value) == (alone.attack, alone.value)
        ends = (figure.low, figure.high)
        assert ends == pytest.approx((expected.low, expected.high), abs=1e-9)
        assert figure.low < alone.low < alone.high < figure.high
    few = np.r_[np.arange(400), np.arange(400, 405)]
    scores = {name: v[few] for name, v in scores_of(3.0).items()}
    report = AuditReport(MEMBER[few], scores, max_fprs=(0.1,))
    assert headline(report) == {"auc": report.strongest("auc")}


@pytest.mark.slow
def test_trap_36_two_figures_have_two_chances():
    """Nothing leaks, four attacks, level 0.6, 80 audits: 20 % plus 13.4 points.

    That is three errors. The wrong reading: one of two figures is above chance, each by
    an interval of its own.
    """
    rng, naive, said = np.random.default_rng(0), 0, 0
    member, chances = np.arange(400) < 200, {"auc": 0.5, "tpr@0.1": 0.1}
    for _ in range(80):
        scores = {f"attack {i}": v for i, v in enumerate(rng.normal(size=(4, 400)))}
        if not any(
            strongest(member, scores, metric, confidence_level=0.6).low > chance
            for metric, chance in chances.items()
        ):
            continue
        naive += 1
        report = AuditReport(member, scores, max_fprs=[0.1], confidence_level=0.6)
        said += first_lines(report).startswith("Strongest attack")
    assert naive / 80 > 0.2
    assert said / 80 <= 0.2 + 0.134
    assert said < 0.7 * naive


def test_the_first_lines_say_whose_each_figure_is():
    """One attack finds a few members for certain, the other is better on average."""
    found = {"lira": np.r_[np.full(60, 9.0), np.zeros(740)], "rmia": MEMBER * 1.0}
    noise = np.random.default_rng(0).normal(size=(2, 800))
    scores = {name: v + e for (name, v), e in zip(found.items(), noise, strict=True)}
    report = AuditReport(MEMBER, scores, max_fprs=(0.01,))
    said, auc = first_lines(report), headline(report)["auc"]
    assert said.startswith("Strongest attack: lira. At 1 % false alarms it finds")
    assert said.endswith(
        f"The highest AUC is {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}], by rmia; "
        "guessing has 0.5."
    )


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
