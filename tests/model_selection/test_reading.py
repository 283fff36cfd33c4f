"""One reading of an attack: which way round, and the strongest of several."""

import warnings

import numpy as np
import pytest

from skmia.exceptions import BelowChanceWarning
from skmia.metrics import get_metric, roc_auc, roc_auc_interval
from skmia.model_selection._reading import Reading, read_scores, strongest


def test_an_attack_below_chance_is_turned_round():
    rng = np.random.RandomState(0)
    member = np.arange(400) < 200
    scores = rng.normal(size=400) - 0.8 * member
    assert roc_auc_interval(member, scores).high < 0.5
    with pytest.warns(BelowChanceWarning, match="is turned round"):
        found = read_scores(get_metric("auc"), member, scores)
    assert found.value == pytest.approx(1 - roc_auc(member, scores))
    assert found[1:] == roc_auc_interval(member, -scores)


def test_one_that_may_be_a_guess_is_not():
    member, scores = np.arange(6) < 3, np.array([1, 2, 3, 2, 3, 4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_scores(get_metric("auc"), member, scores).value < 0.5


def test_trap_46_a_guess_is_not_turned_round():
    """Nothing leaks, 400 draws: the mean stays at .5, within four standard errors.

    One in forty is turned, which adds an eighth of a fold's standard error.
    """
    rng = np.random.RandomState(0)
    member = np.arange(200) < 100
    metric = get_metric("auc")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BelowChanceWarning)
        readings = [
            read_scores(metric, member, rng.normal(size=200)).value for _ in range(400)
        ]
    error = np.sqrt(201 / (12 * 100**2))
    assert np.mean(readings) - 0.5 < error * (1 / 8 + 4 / np.sqrt(400))
    # Of every figure the better of two sides is far from it.
    folded = [0.5 + abs(value - 0.5) for value in readings]
    assert np.mean(folded) - 0.5 > 0.7 * error


def test_the_strongest_is_the_highest_of_each():
    readings = [Reading(0.6, 0.5, 0.7), Reading(0.55, 0.3, 0.8)]
    assert strongest(readings) == (0.6, 0.5, 0.8)
