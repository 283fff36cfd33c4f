"""The headline of a report: the strongest attack, in figures and in words."""

import json

import numpy as np
import pytest

from _helpers.audits import audit
from skmia.audit import AuditReport, Figure, Policy
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


@pytest.mark.parametrize("metric", METRICS)
def test_the_headline_is_that_of_metrics(metric):
    scores = scores_of(0.2, 0.3, 0.3)
    figure = report_of(0.2, 0.3, 0.3).strongest(metric)
    expected = strongest(MEMBER, scores, metric)
    assert (figure.attack, figure.value) == expected[:2]
    assert (figure.low, figure.high) == pytest.approx(expected[2:], abs=1e-9)


def gate(metric, limit, report):
    """Decide on a limit of one metric."""
    stem, _, rate = metric.partition("@")
    limits = {float(rate): limit} if rate else limit
    return report.decide(Policy(**{f"max_{stem}": limits}))


@pytest.mark.parametrize("metric", METRICS)
def test_worst_decisions_and_json_say_the_same(metric):
    report = report_of(0.2, 0.5, 0.3)
    figure = report.strongest(metric)
    assert report.worst(metric) == (figure.attack, figure.value)
    # What a limit is compared with is the headline's upper end.
    assert gate(metric, figure.high, report).outcome == "release"
    decision = gate(metric, figure.high - 1e-6, report)
    assert (decision.outcome, len(decision.reasons)) == ("revise", 1)
    # And what refuses is its lower end, which knows that the attack was chosen.
    assert gate(metric, figure.low - 1e-6, report).outcome == "refuse"
    assert gate(metric, figure.low, report).outcome == "revise"
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
    verdict = report.to_dict()["verdict"]
    assert verdict["kind"] == "nothing_found"
    assert "no proof of safety" in verdict["sentences"][0]


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
        said += report.to_dict()["verdict"]["kind"] == "leaks"
    assert naive / 80 > 0.2
    assert said / 80 <= 0.2 + 0.134
    assert said < 0.7 * naive
