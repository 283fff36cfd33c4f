"""Several records of one person: the persons are the draws, not their records."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skmia.metrics import get_metric, roc_auc, roc_auc_interval
from skmia.metrics._auc_interval import delong_variance
from skmia.metrics._sides import sides_of

NAMES = ("auc", "advantage", "tpr@0.1", "tpr@0.02")


def persons(n_rows, alike, seed=0, n_persons=(150, 100), shift=1.0):
    """Normal scores; a share `alike` of their variance is the person's."""
    rng = np.random.RandomState(seed)
    membership = np.repeat(np.repeat([True, False], n_persons), n_rows)
    groups = np.repeat(np.arange(sum(n_persons)), n_rows)
    scores = np.sqrt(alike) * rng.normal(size=sum(n_persons))[groups]
    scores += np.sqrt(1 - alike) * rng.normal(size=len(groups)) + shift * membership
    return membership, scores, groups


@pytest.mark.parametrize("name", NAMES)
def test_persons_of_one_record_are_records(name):
    membership, scores, groups = persons(1, 1.0)
    interval = get_metric(name).interval
    assert interval(membership, scores, groups=groups) == interval(membership, scores)


@pytest.mark.parametrize("name", NAMES)
def test_equal_records_of_a_person_are_no_more_than_one(name):
    """The naive reading, of six copies as six draws, is 2.4 times too narrow."""
    membership, scores, groups = persons(1, 1.0)
    interval = get_metric(name).interval
    once = interval(membership, scores)
    copies = [np.repeat(values, 6) for values in (membership, scores, groups)]
    naive = interval(*copies[:2])
    assert naive.high - naive.low < 0.55 * (once.high - once.low)
    found = interval(*copies[:2], groups=copies[2])
    # The blocks are read on their segments, and so a little differently.
    assert_allclose(found, once, atol=0.03)
    assert 0.9 < (found.high - found.low) / (once.high - once.low) < 1.2


def test_obuchowski_by_hand():
    """Her formula, written out for persons who are on one side each."""
    membership, scores, groups = persons(3, 0.5, n_persons=(20, 15))
    keep = np.random.RandomState(1).uniform(size=len(scores)) < 0.8
    membership, scores, groups = membership[keep], scores[keep], groups[keep]
    members, nonmembers = scores[membership], scores[~membership]
    won = (members[:, None] > nonmembers) + 0.5 * (members[:, None] == nonmembers)
    auc, expected = won.mean(), []
    for side, shares in (
        (membership, won.mean(axis=1)),
        (~membership, won.mean(axis=0)),
    ):
        names = np.unique(groups[side])
        sums = [(shares[groups[side] == name] - auc).sum() for name in names]
        factor = len(names) / (len(names) - 1) / len(shares)
        expected.append(factor * np.square(sums).sum() / len(shares))
    found = delong_variance(*sides_of(membership, scores, groups))
    assert_allclose(found, expected, rtol=1e-10)


def test_the_bootstrap_draws_persons():
    membership, scores, groups = persons(6, 0.8)
    settings = {"method": "bootstrap", "n_resamples": 1000, "random_state": 0}
    found = roc_auc_interval(membership, scores, groups=groups, **settings)
    assert_allclose(
        found, roc_auc_interval(membership, scores, groups=groups), atol=0.015
    )
    naive = roc_auc_interval(membership, scores, **settings)
    assert naive.high - naive.low < 0.6 * (found.high - found.low)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_rows_in_any_order_and_container(name):
    membership, scores, groups = persons(4, 0.5)
    scores = np.round(scores, 1)
    interval = get_metric(name).interval
    expected = interval(membership, scores, groups=groups)
    order = np.random.RandomState(3).permutation(len(scores))
    names = np.array([f"person {k}" for k in groups])[order]
    for container in (list, pd.Series, pd.Categorical, pl.Series):
        found = interval(membership[order], scores[order], groups=container(names))
        assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_names_no_persons_is_refused(name):
    membership, scores, groups = persons(4, 0.5)
    interval = get_metric(name).interval
    with pytest.raises(ValueError, match="'groups' parameter must be a 1D array-like"):
        interval(membership, scores, groups=groups[1:])
    for missing in (None, np.nan, pd.NA, pd.NaT):
        named = [*map(str, groups[1:]), missing]
        with pytest.raises(ValueError, match="'groups' parameter must name the person"):
            interval(membership, scores, groups=named)
    with pytest.raises(ValueError, match="on one side only"):
        interval(membership, scores, groups=groups % 240)


def test_one_person_on_a_side_shows_no_spread():
    membership, scores, groups = persons(4, 0.5, n_persons=(1, 30))
    assert 0 < roc_auc(membership, scores) < 1
    for name in NAMES:
        found = get_metric(name).interval(membership, scores, groups=groups)
        assert found.low == 0
        assert found.high == 1


def test_fewer_persons_than_thresholds():
    """A covariance of lower rank than there are thresholds."""
    membership, scores, groups = persons(30, 0.9, n_persons=(8, 6), shift=2.0)
    found = get_metric("advantage").interval(membership, scores, groups=groups)
    value = get_metric("advantage").value(membership, scores)
    assert 0 <= found.low < value - 0.1
    assert value < found.high <= 1


@pytest.mark.parametrize("one_score", [False, True])
def test_trap_persons_who_are_all_found_are_still_few(one_score):
    """Six equal rows each of 40 persons, all of them above all non-members.

    Read off rows that are all above the threshold, persons look like independent rows:
    the naive lower end of 240 rows is above 0.98, that of 40 persons below 0.95.
    """
    rng = np.random.RandomState(0)
    membership, person = np.repeat([True, False], 40), np.arange(80)
    scores = rng.normal(size=80) + 20 * membership
    scores[:40] = 20.0 if one_score else scores[:40]
    interval = get_metric("tpr@0.1").interval
    once = interval(membership, scores)
    copies = [np.repeat(values, 6) for values in (membership, scores, person)]
    assert interval(*copies[:2]).low > 0.98
    assert interval(*copies[:2], groups=copies[2]).low < once.low + 0.01 < 0.96
