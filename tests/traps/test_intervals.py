"""Traps of intervals that do not cover: the wrong reading first.

Numbers are those of the list of traps.
"""

import numpy as np
from scipy.stats import norm

from skmia.metrics import (
    clopper_pearson,
    membership_advantage,
    membership_advantage_interval,
    roc_auc_interval,
    tpr_at_fpr,
    tpr_at_fpr_interval,
)


def normal_scores(rng, n_members, n_nonmembers, shift):
    membership = np.repeat([True, False], [n_members, n_nonmembers])
    return membership, rng.normal(size=len(membership)) + shift * membership


def test_trap_34_the_threshold_taken_as_known():
    """1 % FPR, 3,000 against 1,500, 300 draws: within 2.5 errors, 3.1 points, of 95 %.

    Naive: Clopper and Pearson's for the members above the threshold that was seen.
    """
    rng, truth = np.random.RandomState(0), norm.sf(norm.isf(0.01) - 1)
    naive = covered = 0
    for _ in range(300):
        records = normal_scores(rng, 3000, 1500, 1.0)
        found = tpr_at_fpr(*records, 0.01)
        low, high = clopper_pearson(round(3000 * found), 3000)
        naive += low <= truth <= high
        low, high = tpr_at_fpr_interval(*records, 0.01)
        covered += low <= truth <= high
    assert naive / 300 < 0.6
    assert abs(covered / 300 - 0.955) <= 0.031


def test_trap_34_a_part_of_a_block_of_ties_taken_for_a_count():
    """Right or wrong labels, 1 % FPR, 200 draws: too wide by far, for the same reason.

    Each flagged record is counted as found or not, where a hundredth of each is.
    """
    rng, truth, covered = np.random.RandomState(0), 0.01 * 0.9 / 0.7, 0
    membership = np.repeat([True, False], [3000, 1500])
    for _ in range(200):
        scores = rng.uniform(size=4500) < np.where(membership, 0.9, 0.7)
        found = tpr_at_fpr(membership, scores.astype(float), 0.01)
        naive = clopper_pearson(round(3000 * found), 3000)
        low, high = tpr_at_fpr_interval(membership, scores.astype(float), 0.01)
        assert naive.high - naive.low > 5 * (high - low)
        covered += low <= truth <= high
    assert abs(covered / 200 - 0.95) <= 0.046


def test_trap_34_the_best_threshold_taken_as_given():
    """Nothing leaks: 0 is held, where the naive interval of the best one misses it."""
    rng, naive, held = np.random.RandomState(0), 0, 0
    for _ in range(200):
        membership, scores = normal_scores(rng, 400, 400, 0.0)
        best = membership_advantage(membership, scores)
        naive += best - 1.96 * np.sqrt(2 * 0.25 / 400) <= 0
        held += membership_advantage_interval(membership, scores).low == 0
    assert naive / 200 < 0.85
    # 97.5 %, less three standard errors.
    assert held / 200 >= 0.975 - 0.033


def test_trap_35_rows_of_a_person_taken_for_draws():
    """Six rows a person, alike but for a tenth, 300 draws: three errors, 3.8 points."""
    rng, truth = np.random.RandomState(0), norm.cdf(0.5 / np.sqrt(2))
    groups = np.repeat(np.arange(250), 6)
    membership = groups < 150
    naive = covered = 0
    for _ in range(300):
        own = np.sqrt(0.9) * rng.normal(size=250)[groups]
        scores = own + np.sqrt(0.1) * rng.normal(size=1500) + 0.5 * membership
        low, high = roc_auc_interval(membership, scores)
        naive += low <= truth <= high
        low, high = roc_auc_interval(membership, scores, groups=groups)
        covered += low <= truth <= high
    assert naive / 300 < 0.7
    assert abs(covered / 300 - 0.95) <= 0.038
