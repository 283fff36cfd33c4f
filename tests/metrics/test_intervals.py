"""Intervals of proportions and of the advantage: exact values and coverage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta, binom, binomtest, norm

from skmia.metrics import (
    Interval,
    clopper_pearson,
    is_resolvable,
    membership_advantage,
    membership_advantage_interval,
    roc_vertices,
    tpr_at_fpr,
    tpr_at_fpr_interval,
)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 7), (7, 7), (3, 11), (40, 1000), (0, 1)])
def test_clopper_pearson_inverts_the_binomial_test(k, n, level):
    expected = binomtest(k, n).proportion_ci(confidence_level=level, method="exact")
    found = clopper_pearson(k, n, level)
    assert isinstance(found, Interval)
    # scipy inverts by root finding, to about 1e-12.
    assert_allclose(found, (expected.low, expected.high), atol=1e-9)


@pytest.mark.parametrize("n", [1, 20, 150])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_clopper_pearson_covers_for_every_probability(n, level):
    """Summed over all outcomes, so exact; each tail misses at most (1 - level) / 2."""
    outcomes = np.arange(n + 1)
    low, high = clopper_pearson(outcomes, n, level)
    for p in np.linspace(0.001, 0.999, 97):
        weight = binom.pmf(outcomes, n, p)
        assert weight[low > p].sum() <= (1 - level) / 2 + 1e-12
        assert weight[high < p].sum() <= (1 - level) / 2 + 1e-12


def test_clopper_pearson_covers_in_a_simulation():
    """Seed 0, 4000 draws: coverage at least 0.95 less three binomial errors, 0.0103."""
    k = np.random.RandomState(0).binomial(80, 0.07, size=4000)
    low, high = clopper_pearson(k, 80)
    coverage = ((low <= 0.07) & (high >= 0.07)).mean()
    assert 0.95 - 0.0103 <= coverage < 1


def test_clopper_pearson_broadcasts():
    low, high = clopper_pearson([[0], [2]], [2, 5, 9])
    assert low.shape == high.shape == (2, 3)
    assert (low[1, 2], high[1, 2]) == clopper_pearson(2, 9)
    assert (high[1, 0], low[0, 0]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("n", "max_fpr", "expected"),
    [
        (1000, 0.001, True),
        (999, 0.001, False),
        (49, 1 / 49, True),  # 49 * (1 / 49) is below 1 as doubles
        (10**6, 0.0, False),
        (1, 1.0, True),
        (np.int64(100), np.float64(0.01), True),
    ],
)
def test_is_resolvable(n, max_fpr, expected):
    """Trap 19."""
    assert is_resolvable(n, max_fpr) is expected


def test_unresolvable_limit_reads_as_no_false_positive():
    """Trap 19: at 99 non-members, limits of 0.009 and of 0 are the same figure."""
    rng = np.random.RandomState(0)
    membership = np.repeat([1, 0], [200, 99])
    scores = rng.normal(size=299) + membership
    unresolved = tpr_at_fpr(membership, scores, 0.009)
    assert unresolved == tpr_at_fpr(membership, scores, 0.0)
    assert not is_resolvable(99, 0.009)


def test_tpr_interval_where_the_threshold_does_not_matter():
    """No member among the non-members: Jeffreys' interval of those above them."""
    membership = np.repeat([1, 0], 200)
    scores = np.concatenate([np.repeat([2, 0], [80, 120]), np.ones(200)])
    for level in (0.8, 0.95):
        found = tpr_at_fpr_interval(membership, scores, 0.1, confidence_level=level)
        tails = (1 - level) / 2, (1 + level) / 2
        assert_allclose(found, beta.ppf(tails, 80.5, 120.5), atol=1e-5)
    # All are flagged where all non-members may be.
    assert tpr_at_fpr_interval(membership, scores, 1.0).high == 1.0


@pytest.mark.parametrize("max_fpr", [0.01, 0.1, 0.5])
def test_tpr_interval_is_wider_than_for_a_given_threshold(max_fpr):
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [150, 250])
    for shift in (0.0, 1.0, 3.0):
        scores = rng.normal(size=400) + shift * membership
        value = tpr_at_fpr(membership, scores, max_fpr)
        low, high = tpr_at_fpr_interval(membership, scores, max_fpr)
        count = round(150 * value)
        given = beta.ppf([0.025, 0.975], count + 0.5, 150.5 - count)
        assert low <= value <= high
        assert high - low > 0.98 * np.ptp(given)


def test_tpr_interval_at_no_false_positive():
    """Of an unknown share of non-members above all that were seen: nothing is sure."""
    membership = np.repeat([True, False], [150, 250])
    scores = np.repeat([2, 0, 1], [40, 110, 250])
    low, high = tpr_at_fpr_interval(membership, scores, 0.0)
    assert low < 0.001
    assert_allclose(high, beta.ppf(0.975, 40.5, 110.5))


@pytest.mark.parametrize(
    ("n_members", "n_nonmembers", "max_fpr"),
    [
        (100, 100, 0.1),
        pytest.param(500, 500, 0.01, marks=pytest.mark.slow),
        pytest.param(1000, 2000, 0.001, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("n_levels", [3, 10, 50, None])
def test_trap_34_tpr_interval_covers_with_ties_and_without(
    n_members, n_nonmembers, max_fpr, shift, n_levels
):
    """Normal scores, in so many blocks, seed 0, 200 draws.

    Coverage at least 0.95 less three binomial errors, 0.046; the truth is on the ROC of
    the distributions, on the segment within a block.
    """
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [n_members, n_nonmembers])
    steps = norm.ppf(np.arange(1, n_levels) / n_levels) if n_levels else None
    truth = norm.sf(norm.isf(max_fpr) - shift)
    if n_levels:
        fpr, tpr = (np.r_[0, norm.sf(steps[::-1] - d), 1] for d in (0.0, shift))
        truth = np.interp(max_fpr, fpr, tpr)
    covered = known = above = 0
    for _ in range(200):
        scores = rng.normal(size=len(membership)) + shift * membership
        if n_levels:
            scores = np.digitize(scores, steps)
        low, high = tpr_at_fpr_interval(membership, scores, max_fpr)
        covered += low <= truth <= high
        above += truth <= high
        if n_levels is None:
            # The naive reading: the threshold taken as known.
            found = tpr_at_fpr(membership, scores, max_fpr)
            naive = clopper_pearson(round(found * n_members), n_members)
            known += naive.low <= truth <= naive.high
    assert covered / 200 >= 0.95 - 0.046
    # The end that limits are compared with.
    assert above / 200 >= 0.975 - 0.033
    if n_levels is None and shift:
        assert known / 200 < 0.87


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0, 3.0])
def test_advantage_interval_covers(shift):
    """Normal scores, seed 2, 400 draws: 0.95 within three binomial errors, 0.0327.

    The figure itself is above the truth in nearly every draw without a leak, and an
    interval that takes its threshold as given (the naive one) misses 0 then.
    """
    rng = np.random.RandomState(2)
    truth = 2 * norm.cdf(shift / 2) - 1
    membership = np.repeat([True, False], [150, 250])
    hits = above = naive = 0
    for _ in range(400):
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
    assert abs(hits / 400 - 0.95) <= 0.0327
    assert above / 400 > 0.6
    if not shift:
        assert naive / 400 < 0.9


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
