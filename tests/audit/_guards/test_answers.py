"""Answers of the model that do not fit the sides, or that no attack can read."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from skmia._models import SecondAnswers
from skmia.audit._guards._answers import (
    members_at_chance,
    members_less_accurate,
    saturated_probabilities,
    unsteady_answers,
)


@pytest.mark.parametrize("n_correct", [50, 60, 70, 80, 90])
def test_members_less_accurate_against_the_hypergeometric(evidence, n_correct):
    # 100 members and 80 non-members, of whom 72 are right.
    member = np.repeat([True, False], [100, 80])
    correct = np.r_[np.arange(100) < n_correct, np.arange(80) < 72]
    p_value = hypergeom(180, n_correct + 72, 100).cdf(n_correct)
    guards = list(members_less_accurate(evidence(member, correct=correct)))
    assert bool(guards) == (p_value < 0.001)
    for guard in guards:
        assert guard.value == pytest.approx(n_correct / 100 - 0.9)
        assert f"right on {n_correct} % of the members" in guard.message
        assert "on 90 % of the non-members" in guard.message


def test_members_less_accurate_both_ways(evidence):
    member = np.arange(200) < 100
    assert not list(members_less_accurate(evidence(member)))
    assert not list(members_less_accurate(evidence(member, correct=member)))
    (guard,) = members_less_accurate(evidence(member, correct=~member))
    assert guard.name == "members_less_accurate"


@pytest.mark.parametrize(("n_right", "fires"), [(50, True), (57, True), (60, False)])
def test_members_at_chance_of_two_classes(evidence, n_right, fires):
    """Of 50 members in each class; the standard error of 50 % is 5 %."""
    member = np.arange(200) < 100
    labels = np.arange(200) % 2
    correct = np.arange(200) // 2 % 50 < n_right / 2
    guards = list(members_at_chance(evidence(member, labels=labels, correct=correct)))
    assert bool(guards) == fires
    for guard in guards:
        assert guard.name == "members_at_chance"
        assert guard.value == pytest.approx(np.ceil(n_right / 2) / 50)


@pytest.mark.parametrize(("n_right", "fires"), [(50, True), (70, False)])
def test_a_rare_class_does_not_hide_the_others(evidence, n_right, fires):
    member, labels = np.arange(212) < 106, np.arange(212) % 2
    correct = np.arange(212) // 2 % 53 < n_right / 2
    labels[:6] = 2
    assert np.bincount(labels[member]).min() < 10
    guards = list(members_at_chance(evidence(member, labels=labels, correct=correct)))
    assert bool(guards) == fires
    # Of many classes with few rows too little is told of the two that have more.
    labels[20:106] = 3 + np.arange(86) // 9
    given = evidence(member, labels=labels, correct=correct)
    assert not list(members_at_chance(given))


def test_the_commonest_class_alone_is_an_answer(evidence):
    """Right on 90 %, and no labels in another order make it more or less."""
    member, labels = np.arange(200) < 100, (np.arange(200) % 10 == 0).astype(int)
    given = evidence(member, labels=labels, correct=labels == 0)
    assert not list(members_at_chance(given))


def test_saturated_probabilities(evidence):
    sides = np.array([True, True, False, False])
    assert not list(saturated_probabilities(evidence(sides)))
    inner = np.array([0.9, 0.5, 0.8, 0.999999])
    assert not list(saturated_probabilities(evidence(sides, own_proba=inner)))
    edge = np.r_[1, 0, inner[2:]]  # right, and wrong, with certainty
    (guard,) = saturated_probabilities(evidence(sides, own_proba=edge))
    assert guard.name == "saturated_probabilities"
    assert (guard.severity, guard.count, guard.value) == ("warning", 2, 0.5)
    assert "50 % of the rows" in guard.message
    tiled = np.tile(inner, 50)
    tiled[0] = 1
    found = saturated_probabilities(evidence(np.tile(sides, 50), own_proba=tiled))
    assert next(found).severity == "note"


@pytest.mark.parametrize(
    ("n_alone", "n_together", "severity"),
    [(0, 5, "note"), (2, 0, "note"), (3, 0, "warning"), (0, 25, "warning")],
)
def test_unsteady_answers(evidence, n_alone, n_together, severity):
    sides = np.array([True, False])
    assert not list(unsteady_answers(evidence(sides)))
    steady = SecondAnswers(np.zeros(12), np.zeros(100))
    assert not list(unsteady_answers(evidence(sides, again=steady)))
    steady.alone[:n_alone] = steady.together[:n_together] = 0.25
    (guard,) = unsteady_answers(evidence(sides, again=steady))
    assert (guard.name, guard.severity) == ("unsteady_answers", severity)
    assert (guard.count, guard.value) == (n_alone + n_together, 0.25)
    assert f"gives {guard.count} of 112 rows" in guard.message
