"""Frequency difference and the p-value of the AUC."""

from itertools import combinations, permutations
from math import erfc, log, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmia.metrics import auc_p_value, frequency_difference, roc_auc

SACRO_MEMBERSHIP = [0, 0, 0, 1, 1, 1]
SACRO_SCORES = [0.1, 0.6, 0.2, 0.45, 0.9, 0.99]


def test_frequency_difference_of_sacro():
    """C11: min_max_disc on the same data."""
    tenth = frequency_difference(SACRO_MEMBERSHIP, SACRO_SCORES, proportion=0.1)
    assert tenth[:3] == (1.0, 0.0, 1.0)
    half = frequency_difference(SACRO_MEMBERSHIP, SACRO_SCORES, proportion=0.5)
    assert_allclose(half[:3], (2 / 3, 1 / 3, 1 / 3), rtol=1e-12)
    assert_allclose(half.log_p_value, -1.57451445, atol=1e-8)


def test_log_p_value_does_not_saturate():
    """C11: 25 members among 50 000 records, all on top, then all at the bottom.

    min_max_disc takes 1 - CDF, which is 0 as a double, and reports its clamp of -115.13
    where the logarithm is -65.87.
    """
    membership = np.repeat([1, 0], [25, 49_975])
    k, share = 5000, 25 / 50_000
    z = (25 / k) / sqrt(2 * share * (1 - share) / k)
    assert 1 - (1 - erfc(z / sqrt(2)) / 2) == 0.0
    top = frequency_difference(membership, membership)
    assert_allclose(top[:3], (0.005, 0, 0.005), rtol=1e-12)
    assert_allclose(top.log_p_value, log(erfc(z / sqrt(2)) / 2), rtol=1e-9)
    assert_allclose(top.log_p_value, -65.87, atol=0.01)
    bottom = frequency_difference(membership, 1 - membership)
    assert_allclose(bottom[:3], (0, 0.005, -0.005), rtol=1e-12)
    assert_allclose(bottom.log_p_value, 0.0, atol=1e-12)


def test_log_p_value_is_finite_far_out():
    membership = np.repeat([1, 0], 50_000)
    assert -1e5 < frequency_difference(membership, membership).log_p_value < -1e4


@pytest.mark.parametrize("proportion", [0.01, 0.1, 0.5])
def test_constant_scores_have_no_difference(proportion):
    """C11 and trap 11: SACRO reads -1 where the members are stored first."""
    membership = np.repeat([1, 0], [30, 17])
    found = frequency_difference(membership, np.ones(47), proportion)
    assert found.difference == 0.0
    assert_allclose(found.top, 30 / 47)
    assert_allclose(found.log_p_value, log(0.5))


@pytest.mark.parametrize("proportion", [1 / 6, 1 / 3, 0.5])
def test_ties_at_the_edge_count_as_the_mean_over_all_orders(proportion):
    membership = np.array([1, 1, 0, 1, 0, 0])
    scores = np.array([3, 2, 2, 2, 2, 1])
    k = round(6 * proportion)
    tops, bottoms = [], []
    for order in permutations(range(6)):
        rows = np.array(order)[np.argsort(-scores[list(order)], kind="stable")]
        tops.append(membership[rows[:k]].mean())
        bottoms.append(membership[rows[-k:]].mean())
    found = frequency_difference(membership, scores, proportion)
    assert_allclose(found.top, np.mean(tops))
    assert_allclose(found.bottom, np.mean(bottoms))
    assert_allclose(found.difference, np.mean(tops) - np.mean(bottoms))


def test_ends_are_whole_records_and_never_overlap():
    """0.1 * 30 is 3, though not as doubles; the middle of seven is at neither end."""
    membership, scores = np.zeros(30), np.arange(30)
    membership[-3:] = 1
    assert frequency_difference(membership, scores, 0.1).top == 1.0
    membership, scores = [0, 0, 0, 1, 1, 1, 1], range(7)
    assert frequency_difference(membership, scores, 0.5)[:3] == (1.0, 0.0, 1.0)
    # A share of less than one record is one record.
    assert frequency_difference(membership, scores, 1e-12)[:3] == (1.0, 0.0, 1.0)


def test_auc_p_value_of_sacro():
    """C11."""
    found = auc_p_value(0.6, 100, 100)
    assert_allclose(found.p_value, 0.00727502, atol=1e-8)
    assert_allclose(found.standard_deviation, 0.04092676, atol=1e-8)


@pytest.mark.parametrize(("m", "n"), [(1, 5), (3, 4), (4, 4)])
def test_null_deviation_is_that_over_all_memberships(m, n):
    scores = np.arange(m + n)
    aucs = []
    for members in combinations(range(m + n), m):
        membership = np.zeros(m + n)
        membership[list(members)] = 1
        aucs.append(roc_auc(membership, scores))
    assert_allclose(np.mean(aucs), 0.5)
    assert_allclose(auc_p_value(0.5, m, n).standard_deviation, np.std(aucs))
    assert auc_p_value(0.5, m, n).p_value == 0.5
