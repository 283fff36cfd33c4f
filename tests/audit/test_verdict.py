"""The first lines: what was found, in plain words, and never more safe than it is."""

import re

import numpy as np
import pytest

from skmia.audit import AuditReport, Guard
from skmia.audit._report._words import people_per, spoken

MEMBER = np.arange(800) < 400


def report_of(*shifts, member=MEMBER, **kwargs):
    rng = np.random.default_rng(0)
    kwargs.setdefault("max_fprs", (0.1, 0.01))
    scores = {
        f"attack {i}": rng.normal(size=member.size) + shift * member
        for i, shift in enumerate(shifts)
    }
    return AuditReport(member, scores, **kwargs)


def told(report):
    verdict = report.to_dict()["verdict"]
    text = report.summary()
    # Every form has it, and has it first.
    assert " ".join(text.split("\n\n")[1].split()) == verdict["sentences"][0]
    return verdict["kind"], verdict["sentences"]


def found(name):
    """Scores that find 68 of 400 members and accuse 4 of 400 others wrongly."""
    scores = np.random.default_rng(0).normal(size=800)
    scores[:68], scores[400:404], scores[404] = 9, 8.5, 8
    return {name: scores}


def test_members_that_can_be_named():
    kind, said = told(AuditReport(MEMBER, found("stacked"), max_fprs=[0.01]))
    assert kind == "leaks"
    assert said[0] == (
        "Strongest attack: stacked. 17 in 100 members can be named while 1 in 100 "
        "others is wrongly accused; guessing would name 1. This model leaks."
    )
    assert re.match(
        r"Measured: 17.00 % \[\d+.\d\d %, \d+.\d\d %\] of the members at 1 % false "
        r"alarms by stacked, where guessing has 1 %, and an AUC of 0.\d+ \[.*\], where "
        r"guessing has 0.5; both intervals hold together with 95 % confidence.$",
        said[1],
    )


def test_persons_are_called_so():
    persons = np.arange(800) // 2
    kind, said = told(report_of(1.0, max_fprs=[0.01], groups=persons))
    assert kind == "leaks"
    assert "in 100 persons among the members can be named while 1 in 100" in said[0]
    assert "other persons is wrongly accused" in said[0]


def test_each_figure_has_its_attack():
    """One attack finds a few members for certain, the other is better on average."""
    values = {"lira": np.r_[np.full(60, 9.0), np.zeros(740)], "rmia": MEMBER * 1.0}
    noise = np.random.default_rng(0).normal(size=(2, 800))
    scores = {name: v + e for (name, v), e in zip(values.items(), noise, strict=True)}
    _, said = told(AuditReport(MEMBER, scores, max_fprs=(0.01,)))
    assert said[0].startswith("Strongest attack: lira. ")
    assert "alarms by lira" in said[1]
    assert re.search(r"an AUC of 0\.\d+ \[\S+ \S+\] by rmia, where guessing", said[1])


def test_members_told_apart_on_average_only():
    kind, said = told(report_of(0.25))
    assert kind == "leaks"
    assert said[0].startswith(
        "Strongest attack: attack 0. Shown a member and another record, it picks the "
        "member in 5"
    )
    assert said[0].endswith(" of 100 cases; guessing would in 50. This model leaks.")
    assert "where guessing has 1 %, which the interval includes" in said[1]


def test_nothing_found_is_no_sign_of_safety():
    report = report_of(0.0, 0.0)
    kind, said = told(report)
    assert kind == "nothing_found"
    assert said[0].startswith("No attack tried here tells members from non-members")
    (tpr,) = (f for f in report.to_dict()["headline"] if f["metric"] == "tpr@0.01")
    most = int(re.search(r"up to (\d+) in 100 members may be named", said[0])[1])
    assert most - 1 < 100 * tpr["high"] <= most
    assert "That is no proof of safety" in said[0]
    assert "or more rows, may find more." in said[0]
    few = np.arange(405) < 400
    kind, said = told(report_of(0.0, member=few))
    assert kind == "nothing_found"
    assert re.search(r"the AUC of these attacks may be up to 0\.\d+, and", said[0])


def test_below_chance_is_no_sign_of_safety():
    kind, said = told(report_of(-1.0, -2.0))
    assert kind == "below_chance"
    assert said[0].startswith("Every attack tried here takes non-members for members")
    assert "no sign of safety" in said[0]
    assert "swapped" in said[0]
    assert said[-1].startswith("Read the warnings first: an attack below chance")
    kind, said = told(report_of(0.0, -2.0))
    assert kind == "nothing_found"
    assert "An attack does worse than guessing" in " ".join(said)


@pytest.mark.parametrize("shift", [0.0, 3.0, -3.0])
def test_void_figures_are_not_shown_first(shift):
    guard = Guard("unmoved_shadows", "warning", "All shadows answer alike.")
    other = Guard("shared_rows", "warning", "2 rows are in both.")
    report = report_of(shift, guards=[other, guard])
    kind, said = told(report)
    assert kind == "void"
    assert said[0] == (
        "No verdict: these figures are no measure of what the model leaks. Reason: "
        "shadows that answer alike."
    )
    assert "no sign of safety" in said[1]
    # No figure is there to be read as safe, or as a leak.
    assert not re.search(r"\d", " ".join(said))
    text = report.summary()
    order = [
        "No verdict",
        "What makes the figures void\n  - All shadows answer alike.",
        "Warnings\n  - 2 rows are in both.",
        "AUC  ",
    ]
    assert [text.index(part) for part in order] == sorted(map(text.index, order))
    written = {g["name"]: g["voids"] for g in report.to_dict()["guards"]}
    assert written["unmoved_shadows"]
    assert not written["shared_rows"]


def test_a_note_of_the_same_name_voids_nothing():
    guard = Guard("unsteady_answers", "note", "A few answers are not steady.")
    assert told(report_of(1.0, guards=[guard]))[0] == "leaks"


def test_sets_that_differ_without_the_model_are_no_leak_of_it():
    guard = Guard("blind_classifier", "warning", "The two sets differ.")
    kind, said = told(report_of(3.0, guards=[guard]))
    assert kind == "leaks"
    assert "This model leaks" not in said[0]
    assert said[0].endswith(
        "How much of that the model leaks is not known: the two sets differ without it."
    )


def test_the_rate_that_can_be_read_is_named():
    few = np.arange(450) < 400
    _, said = told(report_of(1.0, member=few))
    assert "10 in 100 others are wrongly accused; guessing would name 10." in said[0]
    least = np.arange(409) < 400
    kind, said = told(report_of(9.0, member=least))
    assert kind == "leaks"
    assert "accused" not in " ".join(said)
    assert "the interval holds with 95 % confidence" in said[1]


@pytest.mark.parametrize(
    ("rate", "value", "n", "people", "guessed"),
    [
        (0.01, 0.1712, 100, 17, "1"),
        (0.01, 0.014, 1000, 14, "10"),  # not 1 beside 1
        (0.01, 0.0045, 1000, 4, "10"),
        (0.01, 0.0101, 10_000, 101, "100"),
        (0.01, 0.01, 100, 1, "1"),
        (0.01, 0.0, 100, 0, "1"),
        (0.01, 1.0, 100, 100, "1"),
        (0.01, 0.997, 1000, 997, "10"),  # not all
        (0.001, 0.0034, 1000, 3, "1"),
        (0.001, 0.5, 1000, 500, "1"),
        (0.0003, 0.02, 10_000, 200, "3"),
        (0.1, 0.16, 100, 16, "10"),
        (1 / 3, 0.5, 100, 50, "33.3"),
        (0.5, 0.503, 1000, 503, "500"),
    ],
)
def test_figures_in_people(rate, value, n, people, guessed):
    assert people_per(rate, value) == n
    assert round(value * n) == people
    assert spoken(rate, n) == guessed


def test_people_never_hide_that_a_figure_is_above_chance():
    rng = np.random.default_rng(0)
    for rate in (0.1, 0.01, 0.001, 0.05):
        for value in rng.uniform(size=200) ** 4:
            n = people_per(rate, value)
            if n < 1_000_000:
                assert np.sign(round(value * n) - rate * n) == np.sign(value - rate)
                assert round(value * n) == pytest.approx(value * n, rel=0.15)
