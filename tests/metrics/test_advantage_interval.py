"""The interval of the advantage: against known tests, and that it covers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta, ks_2samp, norm

from skmia.metrics import (
    membership_advantage,
    membership_advantage_interval,
    roc_vertices,
)
from skmia.metrics._sides import sides_of


@pytest.mark.parametrize(("m", "n"), [(120, 200), (900, 300)])
def test_its_lower_end_is_a_test_of_kolmogorov_and_smirnov(m, n):
    """Above 0 where the one-sided test at 2.5 % says so, but near the border."""
    membership = np.repeat([True, False], [m, n])
    rng, agreed = np.random.RandomState(0), [0, 0]
    for shift in np.linspace(0, 0.4, 60):
        scores = rng.normal(size=m + n) + shift * membership
        sides = scores[membership], scores[~membership]
        p = ks_2samp(*sides, alternative="less", method="asymp").pvalue
        if 0.01 < p < 0.05:
            continue
        low = membership_advantage_interval(membership, scores).low
        assert (low > 0) == (p < 0.025)
        agreed[int(low > 0)] += 1
    assert min(agreed) > 9


def test_the_covariance_by_hand():
    rng = np.random.RandomState(0)
    scores, person = rng.randint(6, size=90), rng.randint(20, size=90)
    membership = np.r_[np.ones(90, bool), False]
    side, _ = sides_of(membership, np.r_[scores, 0], np.r_[person, 20])
    thresholds = np.array([5.0, 3.0, 2.0])
    flagged = scores[:, None] >= thresholds
    sums = [
        (flagged - flagged.mean(axis=0))[person == k].sum(axis=0) for k in range(20)
    ]
    expected = np.einsum("gi,gj->ij", sums, sums) / 90**2 * 20 / 19
    found = side.covariance_from(thresholds, 0.05)
    scale = np.sqrt(np.diag(found) / np.diag(expected))
    # Wider by Student's t for 20 persons, and no less than of 90 records.
    assert (scale > 1.067).all()
    assert_allclose(found, expected * np.outer(scale, scale), rtol=1e-4)
    once = side.__class__(side.scores).covariance_from(thresholds, 0.05)
    assert (np.diag(found) >= np.diag(once) * (1 - 1e-6)).all()


def test_equal_scores_have_equal_intervals():
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], 300)
    scores = rng.normal(size=600) + membership
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    found = membership_advantage_interval(membership, scores)
    order = rng.permutation(600)
    assert membership_advantage_interval(membership[order], scores[order]) == found
    assert membership_advantage_interval(membership, np.exp(scores)) == found
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0, 3.0])
def test_advantage_interval_covers(shift):
    """Normal scores, seed 2, 300 draws: 0.95 within three binomial errors, 0.0378.

    The figure itself is above the truth in nearly every draw without a leak, and an
    interval that takes its threshold as given (the naive one) misses 0 then.
    """
    rng = np.random.RandomState(2)
    truth = 2 * norm.cdf(shift / 2) - 1
    membership = np.repeat([True, False], [150, 250])
    hits = above = naive = 0
    for _ in range(300):
        scores = rng.normal(size=400) + shift * membership
        low, high = membership_advantage_interval(membership, scores)
        hits += low <= truth <= high
        fpr, tpr, _ = roc_vertices(membership, scores)
        best = np.argmax(tpr - fpr)
        found = membership_advantage(membership, scores)
        above += found > truth
        rates = np.array([tpr[best], fpr[best]])
        error = np.sqrt((rates * (1 - rates) / [150, 250]).sum())
        naive += found - 1.96 * error <= truth
    assert abs(hits / 300 - 0.95) <= 0.0378
    assert above / 300 > 0.6
    if not shift:
        assert naive / 300 < 0.9


def test_advantage_interval_of_one_threshold_is_that_of_two_proportions():
    """Two scores, and so one threshold: Newcombe's interval, from Jeffreys' two."""
    membership = np.repeat([True, False], [500, 200])
    scores = np.repeat([2, 1, 2, 1], [300, 200, 80, 120])
    found = membership_advantage_interval(membership, scores, confidence_level=0.9)
    (tpr_low, tpr_high), (fpr_low, fpr_high) = (
        beta.ppf([0.05, 0.95], k + 0.5, n - k + 0.5) for k, n in ((300, 500), (80, 200))
    )
    low = 0.2 - np.hypot(0.6 - tpr_low, fpr_high - 0.4)
    high = 0.2 + np.hypot(tpr_high - 0.6, 0.4 - fpr_low)
    assert_allclose(found, (low, high), atol=0.001)


def test_advantage_interval_at_its_ends():
    membership = np.repeat([True, False], [500, 200])
    # The chance of no slip among 200 is 0.025 for one slip in 55.
    low, high = membership_advantage_interval(membership, membership)
    assert 0.96 < low < 0.99
    assert high == 1.0
    low, high = membership_advantage_interval(membership, ~membership)
    assert low == 0.0
    assert 0 < high < 0.03
    low, high = membership_advantage_interval(membership, np.ones(700))
    assert low == 0.0
    assert high < 0.01
