"""Intervals of proportions, and what an FPR takes: exact values and coverage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, binomtest

from skmia.metrics import Interval, clopper_pearson, is_resolvable, tpr_at_fpr


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


def test_clopper_pearson_of_many_counts_is_that_of_each():
    """Most counts of one n, in any order, are read from one table."""
    counts = np.random.default_rng(0).permutation(np.repeat(np.arange(31), 2))
    low, high = clopper_pearson(counts, 30, 0.9)
    each = [clopper_pearson(int(k), 30, 0.9) for k in counts]
    np.testing.assert_array_equal(np.column_stack([low, high]), each)
    low[:] = 0  # the caller's own
    assert clopper_pearson(counts, 30, 0.9).low.max() > 0.9


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
